#include "experiments/byte_source.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dilascope {

Result<void> ByteSource::read(void* to, std::int64_t count) {
    if (count > remaining())
        return fail(fmt::format("{}: is cut off, {} more bytes expected where {} are left; save or copy it again",
                                subject_, count, remaining()));
    auto* bytes = static_cast<char*>(to);
    while (count > 0) {
        const std::int64_t read_count = TRY(read_some(bytes, count));
        if (read_count == 0) return fail(fmt::format("{}: became shorter while it was read; try again", subject_));
        bytes += read_count, count -= read_count, position_ += read_count;
    }
    return {};
}

FileSource::FileSource(std::string subject, std::int64_t size, int descriptor)
    : ByteSource(std::move(subject), size), descriptor_(descriptor) {}

FileSource::~FileSource() { ::close(descriptor_); }

Result<std::unique_ptr<FileSource>> FileSource::open(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO must not block
    if (descriptor < 0) {
        if (errno == ENOENT) return fail(fmt::format("{}: no such file; check the path", path.string()));
        return fail(fmt::format("{}: cannot be opened, {}", path.string(), std::strerror(errno)));
    }
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor);
        return fail(fmt::format("{}: is not a regular file; expected a tensor file", path.string()));
    }
    return std::unique_ptr<FileSource>(new FileSource(path.string(), std::int64_t(status.st_size), descriptor));
}

Result<std::int64_t> FileSource::read_some(void* to, std::int64_t count) {
    while (true) {
        const ssize_t read_count =
            ::pread(descriptor_, to, std::size_t(std::min<std::int64_t>(count, 1 << 30)), off_t(position_));
        if (read_count >= 0) return read_count;
        if (errno != EINTR) return fail(fmt::format("{}: cannot be read, {}", subject_, std::strerror(errno)));
    }
}

} // namespace dilascope
