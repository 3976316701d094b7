#include "experiments/claim_lock.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace dilascope {

namespace {

std::filesystem::path lock_file(const std::filesystem::path& store, const std::string& id) {
    return store.string() + "-running-" + id;
}

} // namespace

Result<ClaimLock> ClaimLock::take(const std::filesystem::path& store, const std::string& id) {
    if (store.empty()) return ClaimLock({}, -1);
    const std::filesystem::path file = lock_file(store, id);
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return fail(fmt::format("run store \"{}\": \"{}\" cannot be created ({}); make the folder writable",
                                store.string(), file.filename().string(), std::strerror(errno)));
    ClaimLock lock(file, descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return fail(
            fmt::format("run store \"{}\": \"{}\" cannot be locked ({}); keep the store on a file system with locks",
                        store.string(), file.filename().string(), std::strerror(errno)));
    return lock;
}

bool ClaimLock::is_held(const std::filesystem::path& store, const std::string& id) {
    const int descriptor = ::open(lock_file(store, id).c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return errno != ENOENT;
    const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0;
    ::close(descriptor);
    return held;
}

std::vector<std::string> ClaimLock::unheld(const std::filesystem::path& store) {
    std::vector<std::string> ids;
    if (store.empty()) return ids;
    const std::string prefix = lock_file(store, "").filename().string();
    const auto folder = store.has_parent_path() ? store.parent_path() : std::filesystem::path(".");
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(prefix)) continue;
        if (const std::string id = name.substr(prefix.size()); !is_held(store, id)) ids.push_back(id);
    }
    return ids;
}

void ClaimLock::clear(const std::filesystem::path& store, const std::string& id) {
    std::error_code ignored;
    std::filesystem::remove(lock_file(store, id), ignored);
}

ClaimLock::ClaimLock(std::filesystem::path file, int descriptor) : file_(std::move(file)), descriptor_(descriptor) {}

ClaimLock::ClaimLock(ClaimLock&& other) noexcept
    : file_(std::move(other.file_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

ClaimLock::~ClaimLock() {
    if (descriptor_ < 0) return;
    // Removed before the lock goes, so that nobody finds the file unlocked.
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
    ::close(descriptor_);
}

} // namespace dilascope
