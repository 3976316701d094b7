#pragma once
// ScratchFolder: an empty folder of a test's own, removed with everything in it.
#include <filesystem>
#include <stdlib.h>
#include <string>

namespace dilascope {

class ScratchFolder {
public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "dilascope-test-XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path / name; }

    std::filesystem::path path;
};

} // namespace dilascope
