#include "tests/source/planted_bugs.hpp"

#include <algorithm>

namespace fenceline::testing {
namespace {

constexpr auto npos = std::string_view::npos;

// The text that `key` has at the start of a line of this entry; empty when it has none.
std::string value_of_key(std::string_view entry, std::string_view key) {
    const std::string start = "\n" + std::string(key) + " = '";
    std::size_t open = entry.find(start);
    if (open == npos) return {};
    open += start.size();
    std::string_view quote = "'";
    if (entry.substr(open).starts_with("''")) {
        quote = "'''";
        open += 2;
        if (entry.substr(open).starts_with('\n')) ++open;  // no part of the text
    }
    return std::string(entry.substr(open, entry.find(quote, open) - open));
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != npos; at = text.find(part, at + part.size()))
        ++count;
    return count;
}

bool stands_once(const PlantedBug& bug, const std::vector<SourceFile>& tree) {
    const auto file = std::ranges::find(tree, bug.file, &SourceFile::path);
    return file != tree.end() && !bug.old.empty() && count_of(file->text, bug.old) == 1;
}

}  // namespace

std::vector<PlantedBug> planted_bugs_of(std::string_view toml) {
    std::vector<PlantedBug> bugs;
    for (std::size_t at = toml.find("\n["); at != npos;) {
        const std::size_t next = toml.find("\n[", at + 1);
        const std::string_view entry = toml.substr(at, next - at);
        const std::string_view name = entry.substr(2, entry.find(']') - 2);
        bugs.push_back(
            {std::string(name), value_of_key(entry, "file"), value_of_key(entry, "old")});
        at = next;
    }
    return bugs;
}

std::vector<std::string> stale_bugs(const std::vector<PlantedBug>& bugs,
                                    const std::vector<SourceFile>& tree) {
    std::vector<std::string> names;
    for (const PlantedBug& bug : bugs)
        if (!stands_once(bug, tree)) names.push_back(bug.name);
    return names;
}

}  // namespace fenceline::testing
