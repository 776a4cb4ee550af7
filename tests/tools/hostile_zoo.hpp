#pragma once

// Files that somebody hands over as a journal, and that are none, or one with something wrong
// beside it. Each is laid into a folder of its own, with what it would like to harm.
//
//   for (const auto& animal : hostile_zoo())
//       animal.lay(folder);        // folder.journal() is what the program is given
//
// Threading: one thread.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace fenceline::testing {

class Cage {
  public:
    [[nodiscard]] std::string journal() const { return dir_ / "pool.db"; }
    [[nodiscard]] std::string victim() const { return dir_ / "victim"; }
    [[nodiscard]] std::string folder() const { return dir_.path().string(); }

    // Every file: what it is, whose, how large, when changed, and its bytes unless they are many.
    using Files = std::map<std::string, std::string>;
    [[nodiscard]] Files look() const;

  private:
    TempDir dir_;
};

struct Animal {
    std::string name;
    enum class Is {
        no_journal,     // no command may take it
        damaged,        // a command may read what is left of it, or refuse it
        sound_journal,  // something is wrong beside it, and every reader can do without
    } is;
    std::function<void(const Cage&)> lay;
    bool powerless = false;  // what root may do would hide it
};

[[nodiscard]] const std::vector<Animal>& hostile_zoo();

// A journal of some workers, closed, sealed in part; its bytes.
[[nodiscard]] const std::string& sound_journal();

}  // namespace fenceline::testing
