#pragma once
// The tables of a run store, and how an older file becomes a current one.
//
// Structure changes in numbered steps (PRAGMA user_version); a column of `run` needs no step: it is a member and a
// visit line of Run, added by ALTER TABLE with the value of a fresh Run as its default. A file that existed is copied
// to `F.before-…` first.
#include "experiments/sqlite.h"
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace dilascope {

inline constexpr std::int64_t store_application_id = 0x44694c61; // "DiLa": tells our files from other SQLite files
inline constexpr std::int64_t store_version = 1;

struct StoreColumn {
    std::string name;
    std::string type;          // TEXT, INTEGER or REAL
    std::string default_value; // as an SQL literal
};
const std::vector<StoreColumn>& store_columns(); // every field of Run, in order

// Refuses foreign files and newer versions, reads only. True when the file is new (nothing in it yet).
Result<bool> check_store(const Database& database, const std::filesystem::path& path);

// Brings tables and columns up to date, in one transaction; `path` is copied first when it held something.
Result<void> upgrade_store(const Database& database, const std::filesystem::path& path);

// The columns that the file's `run` table has; empty when there is no table yet.
Result<std::set<std::string>> present_columns(const Database& database);

} // namespace dilascope
