#include "statemachine/world_state.hpp"

namespace fenceline {

namespace {

// FROZEN with the checkpoints that hold it: another layout takes another number.
constexpr std::uint8_t layout = 1;

// The fields of a record in their order, once for both ways.
template <typename Archive, typename WorkerType>
void each_field(Archive& archive, WorkerType& worker) {
    archive.number(worker.id);
    archive.text(worker.pod.text);
    archive.flag(worker.pod.numbered);
    archive.text(worker.image);
    archive.text(worker.org);
    archive.text(worker.owner);
    archive.text(worker.retire_reason);
    archive.label(worker.state);
    archive.number(worker.epoch);
    archive.time(worker.created_at);
    archive.time(worker.updated_at);
    archive.time(worker.last_heartbeat_at);
    archive.time(worker.reserved_at);
    archive.time(worker.activation_started_at);
    archive.time(worker.credentials_expire_at);
    archive.time(worker.drain_started_at);
    archive.number(worker.version);
}
constexpr std::size_t worker_bytes = 5 * 4 + 2 + 10 * 8;

template <typename Archive, typename PlaneType>
void each_plane_field(Archive& archive, PlaneType& plane) {
    archive.text(plane.id);
    archive.label(plane.state);
    archive.time(plane.started_at);
    archive.time(plane.last_heartbeat_at);
    archive.time(plane.draining_at);
    archive.time(plane.expired_at);
}
constexpr std::size_t plane_bytes = 4 + 1 + 4 * 8;

class Writing {
  public:
    explicit Writing(StateWriter& out) : out_(out) {}
    template <typename Id>
    void number(Id id) {
        out_.i64(id.value);
    }
    void text(TextId id) { out_.u32(id.value); }
    void time(Time time) { out_.i64(time.ns); }
    void flag(bool flag) { out_.u8(flag ? 1 : 0); }
    template <typename E>
    void label(E value) {
        out_.u8(static_cast<std::uint8_t>(value));
    }

  private:
    StateWriter& out_;
};

class Reading {
  public:
    Reading(StateReader& in, std::uint32_t texts) : in_(in), texts_(texts) {}
    template <typename Id>
    void number(Id& id) {
        id.value = in_.i64();
    }
    void text(TextId& id) {
        id.value = in_.u32();
        if (id.value >= texts_) sound_ = false;
    }
    void time(Time& time) { time.ns = in_.i64(); }
    void flag(bool& flag) {
        const auto byte = in_.u8();
        flag = byte == 1;
        if (byte > 1) sound_ = false;
    }
    template <typename E>
    void label(E& value) {
        value = static_cast<E>(in_.u8());
    }
    [[nodiscard]] bool sound() const { return sound_ && in_.good(); }

  private:
    StateReader& in_;
    std::uint32_t texts_;
    bool sound_ = true;
};

bool load_texts(Dictionary& texts, StateReader& in) {
    const std::uint32_t count = in.count(sizeof(std::uint32_t));
    for (std::uint32_t i = 1; i <= count; ++i)
        if (texts.intern(in.text()).value != i) return false;
    return in.good();
}

}  // namespace

void save(const World& world, StateWriter& out) {
    Writing writing(out);
    out.u8(layout);
    out.u32(world.texts.size() - 1);
    for (std::uint32_t i = 1; i < world.texts.size(); ++i) out.text(world.texts.text(TextId{i}));
    out.u32(static_cast<std::uint32_t>(world.size()));
    for (const Worker& worker : world.workers()) each_field(writing, worker);
    out.u32(static_cast<std::uint32_t>(world.control_planes().size()));
    for (const ControlPlane& plane : world.control_planes()) each_plane_field(writing, plane);
    writing.number(world.position);
    writing.time(world.at);
}

bool load(World& world, StateReader& in) {
    if (in.u8() != layout || !load_texts(world.texts, in)) return false;
    Reading reading(in, world.texts.size());

    const std::uint32_t workers = in.count(worker_bytes);
    for (std::uint32_t i = 0; i < workers; ++i) {
        Worker worker;
        each_field(reading, worker);
        world.put(worker);
    }
    const std::uint32_t planes = in.count(plane_bytes);
    for (std::uint32_t i = 0; i < planes; ++i) {
        ControlPlane plane;
        each_plane_field(reading, plane);
        world.put(plane);
    }
    reading.number(world.position);
    reading.time(world.at);
    return reading.sound() && world.size() == workers && world.control_planes().size() == planes;
}

}  // namespace fenceline
