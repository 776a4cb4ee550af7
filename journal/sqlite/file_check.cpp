#include "journal/sqlite/file_check.hpp"

#include <sstream>

#include "journal/sqlite/schema.hpp"
#include "journal/sqlite/source_file.hpp"

namespace fenceline::sqlite {

namespace {

// Instructions that SQLite may spend on the rows of one page: as many rows as fit, and then some.
constexpr std::int64_t instructions_per_page = 50'000;
constexpr const char* lines_sql = "PRAGMA quick_check(20)";

// A file that wants a later SQLite for writing is read all the same.
Result<void> check_write_version(const JournalFiles& files, std::vector<std::string>& damage) {
    constexpr std::size_t write_version_at = 18;
    constexpr unsigned char newest_known = 2;
    auto file = SourceFile::open(files, SourceFile::Kind::database);
    if (!file) return tl::unexpected<Error>(std::move(file.error()));
    auto header = file->read(0, header_bytes);
    if (!header) return tl::unexpected<Error>(std::move(header.error()));
    if (header->size() < header_bytes) return {};
    const auto version = static_cast<unsigned char>((*header)[write_version_at]);
    if (version < 1 || version > newest_known)
        damage.push_back("its header forbids to write it: write version " +
                         std::to_string(version));
    return {};
}

}  // namespace

Result<std::vector<std::string>> damage_of(Connection& database, Budget& budget,
                                           const JournalFiles& files) {
    std::vector<std::string> damage;
    FENCELINE_TRY(check_write_version(files, damage));
    auto pages = database.number("PRAGMA page_count");
    if (!pages) return tl::unexpected<Error>(std::move(pages.error()));
    budget.renew(*pages * instructions_per_page);
    auto check = database.prepare(lines_sql);
    if (!check) return tl::unexpected<Error>(std::move(check.error()));
    for (;;) {
        auto row = check->step();
        if (!row) return tl::unexpected<Error>(std::move(row.error()));
        if (!*row) return damage;
        std::istringstream lines{std::string(check->text(0).value_or(""))};
        for (std::string line; std::getline(lines, line);)
            if (!line.empty() && line != "ok" && !line.starts_with("***")) damage.push_back(line);
    }
}

}  // namespace fenceline::sqlite
