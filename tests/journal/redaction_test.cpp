// Names made unreadable: apart where they were apart, and nowhere to be read.

#include "journal/redaction.hpp"

#include <doctest/doctest.h>

#include "events/limits.hpp"
#include "tests/support/journal_script.hpp"

namespace fenceline::testing {

TEST_SUITE_BEGIN("journal/redaction");

namespace {

struct Names {
    Dictionary texts;
    TextRoles roles;
    std::vector<Recorder> recorders;

    TextId add(std::string_view text, std::initializer_list<TextRoles::Role> as) {
        const auto id = texts.intern(text);
        for (const auto role : as) roles.note(id, role);
        return id;
    }
    [[nodiscard]] Redactor redactor(const Redact& redact) const {
        auto made = Redactor::make(redact, roles, texts, recorders);
        REQUIRE(made.has_value());
        return std::move(*made);
    }
};

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("only what was asked for becomes a pseudonym") {
    Names names;
    const auto org = names.add("acme", {TextRoles::org});
    const auto owner = names.add("cp-a", {TextRoles::owner});
    const auto pod = names.add("runner", {TextRoles::pod});
    const auto image = names.add("duckdb:1.2", {TextRoles::image});
    const auto unused = names.add("whatever", {});
    const auto redactor = names.redactor({.org = true, .pod = true});
    CHECK(redactor.text(org).starts_with("org-"));
    CHECK(redactor.text(pod).starts_with("pod-"));
    CHECK(redactor.text(owner) == "cp-a");
    CHECK(redactor.text(image) == "duckdb:1.2");
    CHECK(redactor.text(TextId{}).empty());
    // What nothing is known of may be anything.
    CHECK(redactor.text(unused).starts_with("name-"));
}

TEST_CASE("equal stays equal and apart stays apart within one file alone") {
    Names names;
    const auto one = names.add("acme", {TextRoles::org});
    const auto other = names.add("initech", {TextRoles::org});
    const auto cp = names.add("cp-a", {TextRoles::owner});
    names.recorders = {{RecorderId{1}, "cp-a", "boot-7", Position{1}}};
    const auto redactor = names.redactor({.org = true, .owner = true});
    CHECK(redactor.text(one) != redactor.text(other));
    const auto recorder = redactor.recorder(names.recorders.front());
    CHECK(recorder.instance == redactor.text(cp));
    CHECK(recorder.run.starts_with("run-"));
    CHECK(recorder.first == Position{1});
    CHECK(redactor.request_id("a") == redactor.request_id("a"));
    CHECK(redactor.request_id("a") != redactor.request_id("b"));
    CHECK(redactor.request_id("").empty());
    const auto again = names.redactor({.org = true, .owner = true});
    CHECK(again.text(one) != redactor.text(one));
    CHECK(again.request_id("a") != redactor.request_id("a"));
}

TEST_CASE("a name within what stays is replaced there too") {
    Names names;
    const auto org = names.add("acme", {TextRoles::org});
    names.add("acme-west", {TextRoles::org});
    names.add("ab", {TextRoles::org});
    const auto reason = names.add("by acme-west:acmeists, ab, cab", {TextRoles::reason});
    const auto image = names.add("registry/acme/duckdb", {TextRoles::image});
    const auto redactor = names.redactor({.org = true});
    const auto& said = redactor.text(reason);
    CHECK_FALSE(holds(said, "acme"));
    CHECK(holds(said, "by org-"));
    CHECK(holds(said, "ists"));
    // Two letters are replaced where they stand alone, and are nothing within a word.
    CHECK_FALSE(holds(said, " ab,"));
    CHECK(holds(said, ", cab"));
    CHECK(redactor.text(image) == "registry/" + redactor.text(org) + "/duckdb");
}

TEST_CASE("a reason that became too long is hidden as a whole") {
    Names names;
    names.add("acm", {TextRoles::org});
    std::string many;
    while (many.size() + 4 <= limits::reason_bytes) many += "acm ";
    const auto reason = names.add(many, {TextRoles::reason});
    const auto redactor = names.redactor({.org = true});
    CHECK(redactor.text(reason).starts_with("text-"));
    CHECK(redactor.text(reason).size() <= limits::reason_bytes);
}

TEST_CASE("one name in two roles is hidden for either") {
    Names names;
    const auto both = names.add("acme", {TextRoles::image, TextRoles::org});
    CHECK(names.redactor({.org = true}).text(both).starts_with("org-"));
    CHECK(names.redactor({.pod = true}).text(both) == "acme");
}

TEST_CASE("every payload says what its texts are") {
    // Numbers as in the samples of the golden file; what no overload notes stays without a role.
    TextRoles roles;
    Event event = drain_event();
    event.payload = WorkerSpawned{.prefix = TextId{11}, .org = TextId{12}};
    roles.note(event);
    event.payload = WorkerEnded{.lease = {TextId{13}, Epoch{1}}, .reason = TextId{14}};
    roles.note(event);
    event.payload = WarmCapacityTargeted{.targets = {{TextId{15}, 3}}};
    roles.note(event);
    event.payload = ControlPlaneMarked{.instance = TextId{16}};
    roles.note(event);
    event.payload = WorkerAdopted{.pod = {TextId{17}, false}, .retire_reason = TextId{18}};
    roles.note(event);
    CHECK(roles.of(TextId{11}) == TextRoles::pod);
    CHECK(roles.of(TextId{12}) == TextRoles::org);
    CHECK(roles.of(TextId{13}) == TextRoles::owner);
    CHECK(roles.of(TextId{14}) == TextRoles::reason);
    CHECK(roles.of(TextId{15}) == TextRoles::image);
    CHECK(roles.of(TextId{16}) == TextRoles::owner);
    CHECK(roles.of(TextId{17}) == TextRoles::pod);
    CHECK(roles.of(TextId{18}) == TextRoles::reason);
    CHECK(roles.of(TextId{19}) == 0);
}

TEST_CASE("what may be made unreadable is read in any order") {
    const auto asked = parse_redact("pod,org");
    REQUIRE(asked.has_value());
    CHECK(to_text(*asked) == "org,pod");
    CHECK_FALSE(asked->owner);
    CHECK_FALSE(parse_redact("")->any());
    for (const char* wrong : {"image", "org,,pod", "org pod", "Org"})
        CHECK_FALSE(parse_redact(wrong).has_value());
}

TEST_SUITE_END();

}  // namespace fenceline::testing
