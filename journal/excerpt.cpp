#include "journal/excerpt.hpp"

#include <optional>
#include <utility>

#include <sodium.h>

#include "journal/building.hpp"
#include "journal/start.hpp"

namespace fenceline {

namespace {

constexpr std::int64_t progress_every = 16'384;
// Commits between two looks at the log of the new file.
constexpr std::int64_t maintain_every = 256;

// The commit that holds a position.
class AroundSink final : public Sink {
  public:
    [[nodiscard]] bool wants_chain() const override { return false; }
    bool seal(const Seal& seal) override {
        if (seal.first > seal.last) return true;
        found = {seal.first, seal.last};
        return false;
    }
    std::optional<std::pair<Position, Position>> found;
};

Result<std::pair<Position, Position>> commit_around(Reader& reader, const Head& head,
                                                    Position position) {
    Head before = head;  // no names, no flushes
    before.position = Position{position.value - 1};
    AroundSink sink;
    FENCELINE_TRY(reader.read(before, head.position, sink));
    if (sink.found) return *sink.found;
    return fail(ErrorCode::corrupt,
                "the commit of #" + std::to_string(position.value) + " has no seal",
                "run `fenceline verify` on a copy");
}

// All names up to a place, and, when wanted, what they were used for.
class NamesSink : public Sink {
  public:
    [[nodiscard]] bool wants_chain() const override { return false; }
    bool text(TextId, std::string_view value) override {
        texts.intern(value);
        return true;
    }
    bool recorder(const Recorder& recorder) override {
        recorders.push_back(recorder);
        return true;
    }
    bool event(const Event& event) override {
        roles.note(event);
        return true;
    }
    Dictionary texts;
    std::vector<Recorder> recorders;
    TextRoles roles;
};

// Of the whole history: what a text was used for may lie long before the window.
Result<Redactor> redactor_for(Reader& reader, const Redact& redact, Position to) {
    auto start = own_start(reader);
    if (!start) return tl::unexpected<Error>(std::move(start.error()));
    NamesSink names;
    names.roles.note(start->fold.world);
    FENCELINE_TRY(reader.read({.position = start->head.position}, to, names));
    return Redactor::make(redact, names.roles, names.texts, names.recorders);
}

Result<Base> base_of(Reader& reader, Position after) {
    auto start = fold_up_to(reader, after);
    if (!start) return tl::unexpected<Error>(std::move(start.error()));
    start->fold.requests = Requests{};
    Base base{
        .saved = {start->head, start->fold.save()}, .recorders = {}, .source = {}, .redacted = {}};
    NamesSink names;
    Head from = start->head;
    from.recorders = 0;
    FENCELINE_TRY(reader.read(from, after, names));
    base.recorders = std::move(names.recorders);
    return base;
}

// Whose window it is: a window of a window is one of the same journal.
Result<void> name_source(Reader& reader, Base& base) {
    auto before = reader.base();
    if (!before && before.error().code != ErrorCode::not_found)
        return tl::unexpected<Error>(std::move(before.error()));
    auto id = reader.id();
    if (!id) return tl::unexpected<Error>(std::move(id.error()));
    base.source = before && !before->source.empty() ? before->source : *id;
    if (before) base.redacted = before->redacted;
    return {};
}

ChainHash hash_of(std::string_view state, const Dictionary& texts) {
    std::string bytes(state);
    for (std::uint32_t id = 1; id < texts.size(); ++id) {
        const auto text = texts.text(TextId{id});
        const auto size = static_cast<std::uint32_t>(text.size());
        for (int shift = 0; shift < 32; shift += 8)
            bytes.push_back(static_cast<char>(size >> shift & 0xff));
        bytes += text;
    }
    ChainHash hash{};
    crypto_generichash(hash.data(), hash.size(),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                       0);
    return hash;
}

Result<void> redact_base(Base& base, const Redactor& redactor, const Redact& redact) {
    Fold fold;
    if (!fold.load(base.saved.state))
        return fail(ErrorCode::corrupt, "the state before the window cannot be read back");
    Dictionary texts;
    for (std::uint32_t id = 1; id < fold.world.texts.size(); ++id)
        texts.intern(redactor.text(TextId{id}));
    fold.world.texts = std::move(texts);
    base.saved.state = fold.save();
    // The new chain begins with what the base holds, so that a head says which pseudonyms it has.
    base.saved.head.chain = hash_of(base.saved.state, fold.world.texts);
    for (Recorder& recorder : base.recorders) recorder = redactor.recorder(recorder);
    auto all = parse_redact(base.redacted);
    if (!all) return tl::unexpected<Error>(std::move(all.error()));
    all->org |= redact.org;
    all->pod |= redact.pod;
    all->owner |= redact.owner;
    base.redacted = to_text(*all);
    base.source.clear();
    return {};
}

// Appends each commit as it was.
class CopySink final : public Sink {
  public:
    CopySink(Journal& journal, const ExcerptOptions& options, Position end,
             const Redactor* redactor, Excerpt& out)
        : journal_(journal), options_(options), end_(end), redactor_(redactor), out_(out) {}

    [[nodiscard]] bool wants_chain() const override { return redactor_ == nullptr; }
    bool text(TextId id, std::string_view value) override {
        texts_.push_back(redactor_ != nullptr ? redactor_->text(id) : std::string(value));
        return true;
    }
    bool recorder(const Recorder& recorder) override {
        recorder_ = redactor_ != nullptr ? redactor_->recorder(recorder) : recorder;
        return true;
    }
    bool event(const Event& event) override {
        if (used_ == events_.size()) events_.emplace_back();
        Event& kept = events_[used_++];
        kept = event;
        if (redactor_ != nullptr) kept.request_id = redactor_->request_id(event.request_id);
        if (options_.progress && event.position.value % progress_every == 0)
            options_.progress(event.position, end_);
        return true;
    }
    bool seal(const Seal& seal) override {
        result_ = append(seal);
        used_ = 0;
        texts_.clear();
        recorder_.reset();
        return result_.has_value();
    }
    [[nodiscard]] Result<void>& result() { return result_; }

  private:
    Result<void> append(const Seal& seal) {
        auto begun = journal_.begin_write();
        if (!begun) return tl::unexpected<Error>(std::move(begun.error()));
        auto head = journal_.append({.events = std::span(events_).first(used_),
                                     .texts = texts_,
                                     .recorder = recorder_ ? &*recorder_ : nullptr,
                                     .by = seal.recorder,
                                     .measured = seal.measured});
        if (!head) return tl::unexpected<Error>(std::move(head.error()));
        if (redactor_ == nullptr && head->chain != seal.chain)
            return fail(ErrorCode::corrupt,
                        "the commit up to #" + std::to_string(seal.last.value) +
                            " does not have the hash that seals it",
                        "run `fenceline verify` on the journal");
        out_.head = *head;
        if (used_ > 0 && ++out_.commits % maintain_every == 0) return journal_.maintain();
        return {};
    }

    Journal& journal_;
    const ExcerptOptions& options_;
    Position end_;
    const Redactor* redactor_;
    Excerpt& out_;
    std::vector<Event> events_;
    std::size_t used_ = 0;
    std::vector<std::string> texts_;
    std::optional<Recorder> recorder_;
    Result<void> result_;
};

// The window as whole commits.
Result<std::pair<Position, Position>> widened(Reader& reader, const ExcerptOptions& options) {
    auto head = reader.head();
    if (!head) return tl::unexpected<Error>(std::move(head.error()));
    auto beginning = reader.beginning();
    if (!beginning) return tl::unexpected<Error>(std::move(beginning.error()));
    if (options.after >= options.to)
        return fail(ErrorCode::invalid_request, "the window holds no event");
    if (options.after < beginning->position)
        return tl::unexpected<Error>(
            before_beginning("#" + std::to_string(options.after.value + 1), *beginning));
    if (options.to > head->position)
        return fail(ErrorCode::invalid_request,
                    "the journal ends at #" + std::to_string(head->position.value));
    auto first = commit_around(reader, *head, Position{options.after.value + 1});
    if (!first) return first;
    auto last = commit_around(reader, *head, options.to);
    if (!last) return last;
    return std::pair(Position{first->first.value - 1}, last->second);
}

}  // namespace

Result<Excerpt> write_excerpt(Reader& reader, const ExcerptOptions& options) {
    auto window = widened(reader, options);
    if (!window) return tl::unexpected<Error>(std::move(window.error()));
    const auto [after, to] = *window;
    auto base = base_of(reader, after);
    if (!base) return tl::unexpected<Error>(std::move(base.error()));
    FENCELINE_TRY(name_source(reader, *base));
    const Head from = base->saved.head;
    std::optional<Redactor> redactor;
    if (options.redact.any()) {
        auto made = redactor_for(reader, options.redact, to);
        if (!made) return tl::unexpected<Error>(std::move(made.error()));
        redactor.emplace(std::move(*made));
        FENCELINE_TRY(redact_base(*base, *redactor, options.redact));
    }
    Excerpt out{.base = base->saved.head};
    const auto copy = [&](std::unique_ptr<Journal> journal) -> Result<void> {
        CopySink sink(*journal, options, to, redactor ? &*redactor : nullptr, out);
        FENCELINE_TRY(reader.read(from, to, sink));
        FENCELINE_TRY(sink.result());
        return journal->close();
    };
    FENCELINE_TRY(build_file({.path = options.path, .base = &*base}, copy));
    if (options.progress) options.progress(to, to);
    return out;
}

}  // namespace fenceline
