#pragma once

// A journal's database as another program would open it: no settings of ours, no lock.
//
//   RawSqlite raw(path);
//   CHECK(raw.run("DELETE FROM event") != "");   // the error's text, empty when it worked

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>

namespace fenceline::testing {

class RawSqlite {
  public:
    explicit RawSqlite(const std::string& path) {
        REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
    }
    ~RawSqlite() { sqlite3_close(handle_); }
    RawSqlite(const RawSqlite&) = delete;
    RawSqlite& operator=(const RawSqlite&) = delete;

    std::string run(const std::string& sql) {
        char* error = nullptr;
        sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &error);
        const std::string text = error != nullptr ? error : "";
        sqlite3_free(error);
        return text;
    }
    // Changes what a trigger protects, and leaves the trigger as it was.
    void run_without(const std::string& trigger, const std::string& sql) {
        const auto made_by = value("SELECT sql FROM sqlite_schema WHERE name = '" + trigger + "'");
        REQUIRE(run("DROP TRIGGER " + trigger) == "");
        REQUIRE(run(sql) == "");
        REQUIRE(value("SELECT changes()") != "0");
        REQUIRE(run(made_by) == "");
    }
    // Every value of the result, NULL as "NULL".
    std::vector<std::string> values(const std::string& sql) {
        std::vector<std::string> out;
        sqlite3_stmt* statement = nullptr;
        REQUIRE_MESSAGE(
            sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK,
            sqlite3_errmsg(handle_));
        while (sqlite3_step(statement) == SQLITE_ROW)
            for (int i = 0; i < sqlite3_column_count(statement); ++i) {
                const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
                out.emplace_back(text != nullptr ? text : "NULL");
            }
        sqlite3_finalize(statement);
        return out;
    }
    std::string value(const std::string& sql) {
        const auto all = values(sql);
        return all.empty() ? "" : all.front();
    }

  private:
    sqlite3* handle_ = nullptr;
};

}  // namespace fenceline::testing
