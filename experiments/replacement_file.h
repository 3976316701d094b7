#pragma once
// ReplacementFile: a file that appears whole or not at all: written to a temporary beside, renamed on commit().
#include "engine/result.h"
#include <cstddef>
#include <filesystem>

namespace dilascope {

class ReplacementFile {
public:
    static Result<ReplacementFile> open(const std::filesystem::path& path);
    ReplacementFile(ReplacementFile&& other) noexcept;
    ReplacementFile& operator=(ReplacementFile&&) = delete;
    ~ReplacementFile(); // removes the temporary unless committed

    Result<void> write(const void* bytes, std::size_t count);
    // Puts the file in its place, replacing what was there.
    Result<void> commit();

private:
    ReplacementFile(std::filesystem::path path, std::filesystem::path temporary, int descriptor);
    std::filesystem::path path_, temporary_;
    int descriptor_ = -1;
};

// The sentence for a file that cannot be written; `error_code` is an errno.
Error write_error(const std::filesystem::path& path, int error_code);

} // namespace dilascope
