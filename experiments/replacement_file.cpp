#include "experiments/replacement_file.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace dilascope {

Error write_error(const std::filesystem::path& path, int error_code) {
    const char* mend = "check the path and its permissions";
    if (error_code == ENOSPC || error_code == EDQUOT || error_code == EFBIG)
        mend = "free some space or write elsewhere";
    if (error_code == EROFS) mend = "write elsewhere";
    if (error_code == ENOENT) mend = "create the folder first";
    return {fmt::format("{}: cannot be written, {}; {}", path.string(), std::strerror(error_code), mend)};
}

ReplacementFile::ReplacementFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

ReplacementFile::ReplacementFile(ReplacementFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {
    other.temporary_.clear();
}

ReplacementFile::~ReplacementFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<ReplacementFile> ReplacementFile::open(const std::filesystem::path& path) {
    static std::atomic<int> count = 0; // two writers of one process must not share a temporary
    std::filesystem::path temporary = path;
    temporary += fmt::format(".{}-{}.tmp", ::getpid(), count++);
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return tl::unexpected(write_error(path, errno));
    return ReplacementFile(path, std::move(temporary), descriptor);
}

Result<void> ReplacementFile::write(const void* bytes, std::size_t count) {
    const auto* next = static_cast<const char*>(bytes);
    while (count > 0) {
        const ssize_t written = ::write(descriptor_, next, std::min<std::size_t>(count, 1 << 30));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return tl::unexpected(write_error(path_, errno));
        next += written, count -= std::size_t(written);
    }
    return {};
}

Result<void> ReplacementFile::commit() {
    if (::close(std::exchange(descriptor_, -1)) != 0) return tl::unexpected(write_error(path_, errno));
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) return tl::unexpected(write_error(path_, errno));
    temporary_.clear();
    return {};
}

} // namespace dilascope
