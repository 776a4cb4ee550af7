#pragma once

// A storage layer that never syncs, for a journal that is being built: whoever builds it syncs the
// whole file before anybody hears of it.

namespace fenceline::sqlite {

// Its name, registered on the first call; null when SQLite has no storage layer to build on.
[[nodiscard]] const char* unsynced_vfs();

}  // namespace fenceline::sqlite
