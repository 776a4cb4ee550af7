#include "events/codec.hpp"

#include <array>
#include <type_traits>

#include <cereal/cereal.hpp>

#include "events/invariant.hpp"
#include "events/limits.hpp"
#include "events/wire.hpp"

// cereal finds the functions below by argument, its archives are ours. Its own versions (four
// bytes, a locked table per class) and containers (counts taken on trust) are left alone, and so
// is everything of it that throws.

namespace fenceline::codec {

namespace {

// --- the archives -------------------------------------------------------------------------------

class ByteWriter : public cereal::OutputArchive<ByteWriter, cereal::AllowEmptyClassElision>,
                   public WireWriter {
  public:
    ByteWriter() : OutputArchive(this) {}
};

class ByteReader : public cereal::InputArchive<ByteReader, cereal::AllowEmptyClassElision>,
                   public WireReader {
  public:
    ByteReader() : InputArchive(this) {}
};

}  // namespace

}  // namespace fenceline::codec

CEREAL_SETUP_ARCHIVE_TRAITS(fenceline::codec::ByteReader, fenceline::codec::ByteWriter)

namespace fenceline::codec {

namespace {

template <typename T>
concept Number = std::is_same_v<T, std::uint8_t> || std::is_same_v<T, std::uint32_t> ||
    std::is_same_v<T, std::int64_t>;

template <Number T>
void CEREAL_SAVE_FUNCTION_NAME(ByteWriter& out, const T& value) {
    out.put(value);
}
template <Number T>
void CEREAL_LOAD_FUNCTION_NAME(ByteReader& in, T& value) {
    value = in.take<T>();
}

void CEREAL_SAVE_FUNCTION_NAME(ByteWriter& out, const bool& value) {
    out.put(static_cast<std::uint8_t>(value ? 1 : 0));
}
void CEREAL_LOAD_FUNCTION_NAME(ByteReader& in, bool& value) {
    const auto byte = in.take<std::uint8_t>();
    if (byte > 1) in.spoil("a yes or no is neither 0 nor 1");
    value = byte == 1;
}

// --- the parts that payloads are made of --------------------------------------------------------

template <typename Raw, typename Tag>
void CEREAL_SAVE_FUNCTION_NAME(ByteWriter& out, const Tagged<Raw, Tag>& id) {
    out.put(id.value);
}
template <typename Raw, typename Tag>
void CEREAL_LOAD_FUNCTION_NAME(ByteReader& in, Tagged<Raw, Tag>& id) {
    id.value = in.take<Raw>();
    if constexpr (std::is_same_v<Tagged<Raw, Tag>, TextId>)
        if (id.value != 0 && id.value >= in.texts()) in.spoil("it names a text that is not there");
}

template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, Time& time) {
    ar(time.ns);
}
template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, Duration& duration) {
    ar(duration.ns);
}
template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, Caps& caps) {
    ar(caps.max_org_workers, caps.max_global_workers);
}
template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, PodName& pod) {
    ar(pod.text, pod.numbered);
}
template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, Presented& lease) {
    ar(lease.owner, lease.epoch);
}
template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, Measurement& measurement) {
    ar(measurement.operation, measurement.took);
}
template <class Archive>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, std::pair<TextId, std::int64_t>& target) {
    ar(target.first, target.second);
}

// What one item of a list takes, and how many a list may have. The bounds belong to the format:
// they may rise, but a fall would refuse journals that were fine when they were written.
template <typename T>
struct ItemOf;
template <>
struct ItemOf<std::pair<TextId, std::int64_t>> {
    static constexpr std::size_t bytes = 12, most = 1'000;
    static_assert(limits::warm_targets <= most);
};
template <>
struct ItemOf<Duration> {
    static constexpr std::size_t bytes = 8, most = 8'000;
    static_assert(limits::heartbeats_per_tally <= most && most * bytes < limits::payload_bytes);
};
template <>
struct ItemOf<Measurement> {
    static constexpr std::size_t bytes = 9, most = limits::measurement_bytes / bytes - 2;
    static_assert(limits::batch_operations <= most);
};

template <typename T>
void CEREAL_SAVE_FUNCTION_NAME(ByteWriter& out, const std::vector<T>& items) {
    FENCELINE_INVARIANT(items.size() <= ItemOf<T>::most, "a recorded list keeps its limit");
    out(static_cast<std::uint32_t>(items.size()));
    for (const T& item : items) out(item);
}
template <typename T>
void CEREAL_LOAD_FUNCTION_NAME(ByteReader& in, std::vector<T>& items) {
    items.resize(in.take_count(ItemOf<T>::bytes, ItemOf<T>::most));
    for (T& item : items) in(item);
}

// --- the layouts --------------------------------------------------------------------------------
//
// One function per payload, for writing and reading. A version is frozen once released. A payload
// that gets a field keeps its old bytes readable:
//
//   struct Layout<SpawnFailed> : Version<2> {
//       static void fields(auto& ar, auto& p, std::uint8_t version) {
//           ar(p.reason);
//           if (version >= 2) ar(p.attempt);   // before: the member's own default
//       }
//   };
//
// Writing always passes the newest version, reading the one that was found.

template <std::uint8_t newest>
struct Version {
    static constexpr std::uint8_t version = newest;
};

template <typename P>
struct Layout;

// clang-format off
template <> struct Layout<WorkerSpawned> : Version<1> {
    static constexpr std::string_view name = "worker_spawned";
    static void fields(auto& ar, auto& p, std::uint8_t) {
        ar(p.asked_worker, p.prefix, p.org, p.epoch, p.caps, p.warm_target);
    }
};
template <> struct Layout<WorkerAdopted> : Version<1> {
    static constexpr std::string_view name = "worker_adopted";
    static void fields(auto& ar, auto& p, std::uint8_t) {
        ar(p.pod, p.org, p.owner, p.retire_reason, p.epoch, p.state);
        ar(p.created_at, p.updated_at, p.last_heartbeat_at, p.reserved_at);
        ar(p.activation_started_at, p.credentials_expire_at, p.drain_started_at);
    }
};
template <> struct Layout<WorkerClaimed> : Version<1> {
    static constexpr std::string_view name = "worker_claimed";
    static void fields(auto& ar, auto& p, std::uint8_t) {
        ar(p.org, p.asked_image, p.caps, p.new_epoch);
    }
};
template <> struct Layout<WorkerTakenOver> : Version<1> {
    static constexpr std::string_view name = "worker_taken_over";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.org, p.asked_epoch, p.new_epoch); }
};
template <> struct Layout<LeaseExercised> : Version<1> {
    static constexpr std::string_view name = "lease_exercised";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.lease); }
};
template <> struct Layout<ActivationCompleted> : Version<1> {
    static constexpr std::string_view name = "activation_completed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.lease, p.reserved_at); }
};
template <> struct Layout<LeaseRefreshed> : Version<1> {
    static constexpr std::string_view name = "lease_refreshed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.lease, p.new_epoch); }
};
template <> struct Layout<CredentialsRefreshed> : Version<1> {
    static constexpr std::string_view name = "credentials_refreshed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.lease, p.expires_at); }
};
template <> struct Layout<WorkerEnded> : Version<1> {
    static constexpr std::string_view name = "worker_ended";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.lease, p.reason); }
};
template <> struct Layout<SnapshotJudged> : Version<1> {
    static constexpr std::string_view name = "snapshot_judged";
    static void fields(auto& ar, auto& p, std::uint8_t) {
        ar(p.observed, p.observed_state, p.observed_version, p.target, p.reason);
    }
};
template <> struct Layout<ControlPlaneMarked> : Version<1> {
    static constexpr std::string_view name = "control_plane_marked";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.instance, p.cutoff); }
};
template <> struct Layout<SpawnFailed> : Version<1> {
    static constexpr std::string_view name = "spawn_failed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.reason); }
};
template <> struct Layout<HealthChecked> : Version<1> {
    static constexpr std::string_view name = "health_checked";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.result); }
};
template <> struct Layout<PodDeleted> : Version<1> {
    static constexpr std::string_view name = "pod_deleted";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.drain_started_at); }
};
template <> struct Layout<StrandedReconciled> : Version<1> {
    static constexpr std::string_view name = "stranded_reconciled";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.outcome); }
};
template <> struct Layout<WarmCapacityMissed> : Version<1> {
    static constexpr std::string_view name = "warm_capacity_missed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.reason); }
};
template <> struct Layout<WarmCapacityTargeted> : Version<1> {
    static constexpr std::string_view name = "warm_capacity_targeted";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.targets, p.max_workers); }
};
template <> struct Layout<LeadershipChanged> : Version<1> {
    static constexpr std::string_view name = "leadership_changed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.leadership); }
};
template <> struct Layout<HeartbeatsTallied> : Version<1> {
    static constexpr std::string_view name = "heartbeats_tallied";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.last_at, p.took); }
};
template <> struct Layout<OperationFailed> : Version<1> {
    static constexpr std::string_view name = "operation_failed";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.code, p.took); }
};
template <> struct Layout<Measurements> : Version<1> {
    static constexpr std::string_view name = "measurements";
    static void fields(auto& ar, auto& p, std::uint8_t) { ar(p.first, p.values); }
};
// clang-format on

// What cereal is handed: a payload together with the version of its bytes.
template <typename P>
struct Versioned {
    P& payload;
    std::uint8_t version;
};

template <class Archive, typename P>
void CEREAL_SERIALIZE_FUNCTION_NAME(Archive& ar, Versioned<P>& versioned) {
    Layout<std::remove_const_t<P>>::fields(ar, versioned.payload, versioned.version);
}

// --- one payload --------------------------------------------------------------------------------

// An archive of cereal brings five empty tables: one for each thread is made, then used again.

template <typename P>
void write(const P& payload, std::string& out) {
    thread_local ByteWriter ar;
    ar.begin(out);
    ar.put(Layout<P>::version);
    ar(Versioned<const P>{payload, Layout<P>::version});
    ar.flush();
}

constexpr const char* newer = "it is of a newer layout";

// Why the bytes are refused; null when they are sound.
template <typename P>
const char* read(std::string_view bytes, std::uint32_t texts, P& payload) {
    thread_local ByteReader ar;
    ar.begin(bytes, texts);
    const auto version = ar.take<std::uint8_t>();
    if (version > Layout<P>::version) return newer;
    if (version == 0) ar.spoil("it has no layout version");
    Versioned<P> versioned{payload, version};
    ar(versioned);
    return ar.fault();
}

tl::unexpected<Error> refuse(std::string_view name, const char* why, std::string_view bytes) {
    std::string text = "recorded '" + std::string(name) + "' ";
    if (why != newer) return fail(ErrorCode::corrupt, text + "is damaged: " + why);
    return fail(ErrorCode::unsupported_format,
                text + "has layout " + std::to_string(static_cast<unsigned char>(bytes[0])) +
                    ", which is newer than this program",
                "read the journal with the program that wrote it, or a newer one");
}

constexpr std::size_t kinds = std::variant_size_v<Payload>;

// One row per kind, in the variant's order.
struct Row {
    std::string_view name;
    const char* (*read)(std::string_view, std::uint32_t, Payload&);
};

template <std::size_t kind>
constexpr Row row_of() {
    using P = std::variant_alternative_t<kind, Payload>;
    if constexpr (std::is_same_v<P, NoDetail>)
        return {"no_detail",
                [](std::string_view bytes, std::uint32_t, Payload& out) -> const char* {
                    out.emplace<kind>();
                    return bytes.empty() ? nullptr : "it has no fields";
                }};
    else
        return {Layout<P>::name, [](std::string_view bytes, std::uint32_t texts, Payload& out) {
                    return read(bytes, texts, out.emplace<kind>());
                }};
}

constexpr auto rows = []<std::size_t... kind>(std::index_sequence<kind...>) {
    return std::array<Row, kinds>{row_of<kind>()...};
}
(std::make_index_sequence<kinds>{});

}  // namespace

std::string_view payload_name(std::uint8_t kind) {
    return kind < kinds ? rows[kind].name : "?";
}

void encode(const Payload& payload, std::string& out) {
    const auto before = out.size();
    std::visit(
        [&]<typename P>(const P& detail) {
            if constexpr (!std::is_same_v<P, NoDetail>) write(detail, out);
        },
        payload);
    FENCELINE_INVARIANT(out.size() - before <= limits::payload_bytes,
                        "a payload keeps its limit as bytes");
}

Result<void> decode(std::uint8_t kind, std::string_view bytes, std::uint32_t texts, Payload& out) {
    if (kind >= kinds) [[unlikely]]
        return fail(ErrorCode::unsupported_format,
                    "payload kind " + std::to_string(kind) + " is not known to this program",
                    "read the journal with the program that wrote it, or a newer one");
    if (bytes.size() > limits::payload_bytes) [[unlikely]]
        return refuse(rows[kind].name, "it is too long", bytes);
    if (const char* why = rows[kind].read(bytes, texts, out)) [[unlikely]]
        return refuse(rows[kind].name, why, bytes);
    return {};
}

Result<Payload> decode(std::uint8_t kind, std::string_view bytes, std::uint32_t texts) {
    Result<Payload> out;  // the one thing returned: a payload is never moved
    if (auto sound = decode(kind, bytes, texts, *out); !sound) [[unlikely]]
        out = tl::unexpected<Error>(std::move(sound.error()));
    return out;
}

void encode(const Measurements& measurements, std::string& out) {
    if (!measurements.values.empty()) write(measurements, out);
}

Result<Measurements> decode_measurements(std::string_view bytes) {
    constexpr auto name = Layout<Measurements>::name;
    Result<Measurements> out;
    if (bytes.empty()) return out;
    if (bytes.size() > limits::measurement_bytes) return refuse(name, "it is too long", bytes);
    if (const char* why = read(bytes, any_text, *out)) return refuse(name, why, bytes);
    if (out->values.empty()) return refuse(name, "it has no values", bytes);
    return out;
}

}  // namespace fenceline::codec
