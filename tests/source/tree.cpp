#include "tests/source/tree.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace fenceline::testing {
namespace {

bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_skipped_folder(const std::string& name) {
    if (name == ".ci") return false;
    return name.starts_with(".") || name == "build" || name.starts_with("build-") ||
           name == "node_modules" || name == "third_party";
}

bool is_text(const std::filesystem::path& path) {
    static const std::set<std::string> kinds = {
        "",    ".hpp",  ".cpp", ".h",    ".c",  ".txt", ".cmake", ".in", ".md",
        ".sh", ".json", ".yml", ".yaml", ".js", ".css", ".html",  ".py", ".toml"};
    return kinds.contains(path.extension().string());
}

// The end of the literal whose opening quote is at `at`: one past the closing quote.
std::size_t end_of_literal(std::string_view text, std::size_t at) {
    const char quote = text[at];
    std::size_t i = at + 1;
    while (i < text.size() && text[i] != quote && text[i] != '\n') i += text[i] == '\\' ? 2 : 1;
    return std::min(i + 1, text.size());
}

std::size_t end_of_raw_literal(std::string_view text, std::size_t quote) {
    const std::size_t open = text.find('(', quote);
    if (open == std::string_view::npos) return text.size();
    const std::string close = ")" + std::string(text.substr(quote + 1, open - quote - 1)) + "\"";
    const std::size_t end = text.find(close, open);
    return end == std::string_view::npos ? text.size() : end + close.size();
}

// One past the comment or literal that starts at `at`; `at` itself when none does.
std::size_t end_of_non_code(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("//")) return std::min(text.find('\n', at), text.size());
    if (rest.starts_with("/*")) {
        const std::size_t end = text.find("*/", at + 2);
        return end == std::string_view::npos ? text.size() : end + 2;
    }
    if (rest.starts_with("R\"") && (at == 0 || !is_word_byte(text[at - 1])))
        return end_of_raw_literal(text, at + 1);
    if (text[at] == '"') return end_of_literal(text, at);
    // 1'000 holds no character literal.
    if (text[at] == '\'' && (at == 0 || !is_word_byte(text[at - 1])))
        return end_of_literal(text, at);
    return at;
}

}  // namespace

std::string_view SourceFile::room() const {
    const std::size_t slash = path.find('/');
    return slash == std::string::npos ? std::string_view{}
                                      : std::string_view(path).substr(0, slash);
}

std::vector<SourceFile> read_tree(const std::string& root) {
    namespace fs = std::filesystem;
    std::vector<SourceFile> files;
    for (auto it = fs::recursive_directory_iterator(root); it != fs::end(it); ++it) {
        if (it->is_directory()) {
            if (is_skipped_folder(it->path().filename().string())) it.disable_recursion_pending();
            continue;
        }
        if (!it->is_regular_file() || !is_text(it->path())) continue;
        if (it->path().filename() == ".git") continue;  // of a linked worktree: says where it is
        std::ifstream in(it->path(), std::ios::binary);
        files.push_back({fs::relative(it->path(), root).generic_string(),
                         std::string(std::istreambuf_iterator<char>(in), {})});
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

std::string code_only(std::string_view text) {
    std::string code(text);
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = end_of_non_code(text, at);
        for (std::size_t i = at; i < end; ++i)
            if (code[i] != '\n') code[i] = ' ';
        at = std::max(end, at + 1);
    }
    return code;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::vector<Include> includes_of(const SourceFile& file) {
    std::vector<Include> includes;
    const auto lines = lines_of(file.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].starts_with("#include ")) continue;
        const bool angled = lines[i].find('<') != std::string_view::npos;
        const std::size_t open = lines[i].find(angled ? '<' : '"');
        if (open == std::string_view::npos) continue;
        const std::size_t close = lines[i].find(angled ? '>' : '"', open + 1);
        if (close == std::string_view::npos) continue;
        includes.push_back({i + 1, lines[i].substr(open + 1, close - open - 1), angled});
    }
    return includes;
}

std::size_t find_word(std::string_view code, std::string_view word, std::size_t from) {
    for (std::size_t at = code.find(word, from); at != std::string_view::npos;
         at = code.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        const bool starts = at == 0 || !is_word_byte(code[at - 1]);
        const bool ends = end >= code.size() || !is_word_byte(code[end]);
        if (starts && ends) return at;
    }
    return std::string_view::npos;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

}  // namespace fenceline::testing
