#pragma once
// ClaimLock: how others know that a run's process still lives: it keeps the file `F-running-ID` locked. The kernel lets
// go of the lock however the process ends, kill -9 included.
//
// Why not the process id: ids are reused, and mean nothing in another container or on another host that shares the
// file.
#include "engine/result.h"
#include <filesystem>
#include <string>
#include <vector>

namespace dilascope {

class ClaimLock {
public:
    // Creates and locks the file of run `id` in the store `path`. For a store in memory there is no file.
    static Result<ClaimLock> take(const std::filesystem::path& path, const std::string& id);
    // True when some process holds the lock, or when that cannot be found out.
    static bool is_held(const std::filesystem::path& path, const std::string& id);
    // Runs whose lock file nobody holds. Asked inside a write transaction, where no one is between making and locking
    // one.
    static std::vector<std::string> unheld(const std::filesystem::path& path);
    // Removes the file of a run whose process is gone.
    static void clear(const std::filesystem::path& path, const std::string& id);

    ClaimLock(ClaimLock&& other) noexcept;
    ClaimLock& operator=(ClaimLock&&) = delete;
    ~ClaimLock(); // removes the file and lets go

private:
    ClaimLock(std::filesystem::path file, int descriptor);
    std::filesystem::path file_;
    int descriptor_;
};

} // namespace dilascope
