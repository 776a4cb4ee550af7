#include "journal/redaction.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_set>
#include <variant>

#include <sodium.h>

#include "events/invariant.hpp"
#include "events/limits.hpp"

namespace fenceline {

namespace {

constexpr int most_keys = 8;
// Names as short as this are replaced only where they stand alone.
constexpr std::size_t short_name_bytes = 2;

// One overload a payload that names texts.
class NotePayload {
  public:
    explicit NotePayload(TextRoles& roles) : roles_(roles) {}
    void operator()(const WorkerSpawned& p) const {
        roles_.note(p.prefix, TextRoles::pod);
        roles_.note(p.org, TextRoles::org);
    }
    void operator()(const WorkerAdopted& p) const {
        roles_.note(p.pod.text, TextRoles::pod);
        roles_.note(p.org, TextRoles::org);
        roles_.note(p.owner, TextRoles::owner);
        roles_.note(p.retire_reason, TextRoles::reason);
    }
    void operator()(const WorkerClaimed& p) const {
        roles_.note(p.org, TextRoles::org);
        roles_.note(p.asked_image, TextRoles::image);
    }
    void operator()(const WorkerTakenOver& p) const { roles_.note(p.org, TextRoles::org); }
    void operator()(const LeaseExercised& p) const { lease(p.lease); }
    void operator()(const ActivationCompleted& p) const { lease(p.lease); }
    void operator()(const LeaseRefreshed& p) const { lease(p.lease); }
    void operator()(const CredentialsRefreshed& p) const { lease(p.lease); }
    void operator()(const WorkerEnded& p) const {
        lease(p.lease);
        roles_.note(p.reason, TextRoles::reason);
    }
    void operator()(const SnapshotJudged& p) const {
        lease(p.observed);
        roles_.note(p.reason, TextRoles::reason);
    }
    void operator()(const ControlPlaneMarked& p) const {
        roles_.note(p.instance, TextRoles::owner);
    }
    void operator()(const WarmCapacityTargeted& p) const {
        for (const auto& [image, target] : p.targets) roles_.note(image, TextRoles::image);
    }
    // Name no texts.
    void operator()(const NoDetail&) const {}
    void operator()(const SpawnFailed&) const {}
    void operator()(const HealthChecked&) const {}
    void operator()(const PodDeleted&) const {}
    void operator()(const StrandedReconciled&) const {}
    void operator()(const WarmCapacityMissed&) const {}
    void operator()(const LeadershipChanged&) const {}
    void operator()(const HeartbeatsTallied&) const {}
    void operator()(const OperationFailed&) const {}

  private:
    void lease(const Presented& shown) const { roles_.note(shown.owner, TextRoles::owner); }
    TextRoles& roles_;
};

// As which it is hidden; empty: it stays. One that nothing is known to use is hidden: it may be
// anything.
std::string_view hidden_as(const Redact& redact, std::uint8_t roles) {
    if (redact.owner && (roles & TextRoles::owner) != 0) return "owner";
    if (redact.org && (roles & TextRoles::org) != 0) return "org";
    if (redact.pod && (roles & TextRoles::pod) != 0) return "pod";
    return roles == 0 ? "name" : "";
}

bool in_word(std::string_view text, std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
}

}  // namespace

std::string to_text(const Redact& redact) {
    std::string out;
    for (const auto& [is, name] : {std::pair(redact.org, "org"), std::pair(redact.pod, "pod"),
                                   std::pair(redact.owner, "owner")})
        if (is) out.append(out.empty() ? "" : ",").append(name);
    return out;
}

Result<Redact> parse_redact(std::string_view text) {
    Redact out;
    if (text.empty()) return out;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto name = text.substr(begin, end - begin);
        begin = end + 1;
        bool* asked = name == "org"     ? &out.org
                      : name == "pod"   ? &out.pod
                      : name == "owner" ? &out.owner
                                        : nullptr;
        if (asked == nullptr || *asked)
            return fail(ErrorCode::invalid_request,
                        "\"" + std::string(name) + "\" " +
                            (asked ? "is named twice" : "cannot be made unreadable"),
                        "org, pod and owner can, with commas between them");
        *asked = true;
    }
    return out;
}

// --- roles

void TextRoles::note(TextId id, Role role) {
    if (id.value >= roles_.size()) roles_.resize(id.value + 1);
    roles_[id.value] |= role;
}

void TextRoles::note(const Event& event) {
    note(event.caller, owner);
    note(event.image, image);
    note(event.owner, owner);
    note(event.org, org);
    std::visit(NotePayload(*this), event.payload);
}

void TextRoles::note(const World& world) {
    for (const Worker& worker : world.workers()) {
        note(worker.pod.text, pod);
        note(worker.image, image);
        note(worker.org, org);
        note(worker.owner, owner);
        note(worker.retire_reason, reason);
    }
    for (const ControlPlane& plane : world.control_planes()) note(plane.id, owner);
}

std::uint8_t TextRoles::of(TextId id) const {
    return id.value < roles_.size() ? roles_[id.value] : 0;
}

// --- pseudonyms

Result<Redactor> Redactor::make(const Redact& redact, const TextRoles& roles,
                                const Dictionary& texts, std::span<const Recorder> recorders) {
    FENCELINE_INVARIANT(sodium_init() >= 0, "libsodium starts");
    Redactor out(redact);
    for (int tries = 0; tries < most_keys; ++tries) {
        out.draw_key();
        if (out.fill(roles, texts, recorders)) return out;
    }
    return fail(ErrorCode::io, "no key keeps the names apart");
}

Redactor::~Redactor() {
    sodium_memzero(key_.data(), key_.size());
}

void Redactor::draw_key() {
    randombytes_buf(key_.data(), key_.size());
    names_.clear();
    lengths_.clear();
    texts_.clear();
}

void Redactor::hide(std::string_view name, std::string_view shown) {
    if (name.empty()) return;
    lengths_.insert(name.size());
    names_.try_emplace(std::string(name), shown);
}

bool Redactor::fill(const TextRoles& roles, const Dictionary& texts,
                    std::span<const Recorder> recorders) {
    const auto hidden = [&](std::uint32_t id) { return hidden_as(redact_, roles.of(TextId{id})); };
    for (std::uint32_t id = 1; id < texts.size(); ++id)
        if (const auto kind = hidden(id); !kind.empty()) {
            const auto name = texts.text(TextId{id});
            hide(name, pseudonym(kind, name));
        }
    if (redact_.owner)
        for (const Recorder& recorder : recorders) {
            hide(recorder.instance, pseudonym("owner", recorder.instance));
            hide(recorder.run, pseudonym("run", recorder.run));
        }
    texts_.emplace_back();
    std::unordered_set<std::string> apart;
    for (std::uint32_t id = 1; id < texts.size(); ++id) {
        const auto name = texts.text(TextId{id});
        const auto found = names_.find(std::string(name));
        std::string shown = found != names_.end() ? found->second : without_names(name);
        const bool is_reason = (roles.of(TextId{id}) & TextRoles::reason) != 0;
        const auto most = is_reason ? limits::reason_bytes : limits::name_bytes;
        if (shown.size() > most) shown = pseudonym("text", name);
        if (!apart.insert(shown).second) return false;
        texts_.push_back(std::move(shown));
    }
    return true;
}

std::string Redactor::pseudonym(std::string_view kind, std::string_view name) const {
    constexpr std::size_t digits = 12;
    unsigned char hash[crypto_generichash_BYTES];
    crypto_generichash(hash, sizeof hash, reinterpret_cast<const unsigned char*>(name.data()),
                       name.size(), key_.data(), key_.size());
    char text[2 * sizeof hash + 1];
    sodium_bin2hex(text, sizeof text, hash, sizeof hash);
    return std::string(kind) + "-" + std::string(text, digits);
}

// The longest name that begins there.
const std::string* Redactor::name_at(std::string_view text, std::size_t at,
                                     std::size_t& length) const {
    for (const std::size_t size : lengths_) {
        if (size > text.size() - at) continue;
        const bool alone = (at == 0 || !in_word(text, at - 1)) && !in_word(text, at + size);
        if (size <= short_name_bytes && !alone) continue;
        const auto found = names_.find(std::string(text.substr(at, size)));
        if (found == names_.end()) continue;
        length = size;
        return &found->second;
    }
    return nullptr;
}

std::string Redactor::without_names(std::string_view text) const {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 0;
        if (const auto* shown = name_at(text, at, length)) {
            out += *shown;
            at += length;
        } else {
            out += text[at++];
        }
    }
    return out;
}

std::string Redactor::request_id(std::string_view id) const {
    return id.empty() ? std::string() : pseudonym("request", id);
}

Recorder Redactor::recorder(const Recorder& recorder) const {
    Recorder out = recorder;
    if (redact_.owner) {
        out.instance = names_.contains(out.instance) ? names_.at(out.instance) : out.instance;
        out.run = names_.contains(out.run) ? names_.at(out.run) : out.run;
    } else {
        out.instance = without_names(out.instance);
        out.run = without_names(out.run);
    }
    return out;
}

}  // namespace fenceline
