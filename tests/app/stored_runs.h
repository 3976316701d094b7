#pragma once
// What a program has left in its store.
#include "experiments/store.h"

namespace dilascope {

inline std::vector<Run> stored_runs(const std::string& db) {
    return RunStore::open(db, OpenMode::read_only).value().runs().value();
}

} // namespace dilascope
