#pragma once

// What the fuzzers feed: each takes bytes from anywhere and must come back, with an error or an
// answer. A promise that is broken ends the process.
//
//   fuzz::payload({0x05, 0x01, ...});
//
// Each is a libFuzzer program of its own (tools/fuzz); the kept corpora also run as ordinary tests.
//
// Threading: one thread.

#include <string_view>

namespace fenceline::fuzz {

// events/codec: kind, then the payload's bytes. What decodes encodes to the same bytes.
void payload(std::string_view bytes);
// events/codec: durations.
void measurements(std::string_view bytes);
// journal: the bytes that a commit's hash is of.
void hashed_commit(std::string_view bytes);
// metrics/exposition: a scraped page.
void exposition(std::string_view bytes);
// tools/exec: a line of input.
void exec_line(std::string_view bytes);
// tools/import: a line of an export.
void import_line(std::string_view bytes);
// journal/sqlite: a database file as a whole. 'W' and the file itself, or else patches of a sound
// one: three bytes of offset, one of length, the bytes, again and again.
void journal_file(std::string_view bytes);

struct Target {
    const char* name;
    void (*run)(std::string_view);
};
inline constexpr Target targets[] = {
    {"payload", payload},
    {"measurements", measurements},
    {"hashed_commit", hashed_commit},
    {"exposition", exposition},
    {"exec_line", exec_line},
    {"import_line", import_line},
    {"journal_file", journal_file},
};

}  // namespace fenceline::fuzz
