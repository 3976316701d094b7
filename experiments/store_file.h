#pragma once
// Opening a run store's file: the path, the connection, the journal mode, and every way in which that goes wrong.
#include "experiments/sqlite.h"
#include "experiments/store.h"

namespace dilascope {

struct StoreFile {
    Database database;
    std::string note; // what the user should know about this place: empty, or why there is no write-ahead log
};

Result<StoreFile> open_store_file(const std::filesystem::path& path, OpenMode mode);

// The kind of network file system that `path` lies on, "" when it is local. Write-ahead logs need memory shared between
// all readers and writers, which hosts do not have.
std::string network_file_system(const std::filesystem::path& path);

} // namespace dilascope
