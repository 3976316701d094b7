#include "views/font_files.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

namespace dilascope {
namespace {

namespace fs = std::filesystem;

// Font folders differ between distributions; the names of the files do not.
std::map<std::string, std::string> find_fonts() {
    std::map<std::string, std::string> found;
    std::vector<fs::path> folders = {"/usr/share/fonts", "/usr/local/share/fonts"};
    if (const char* home = std::getenv("HOME")) {
        folders.push_back(fs::path(home) / ".local/share/fonts");
        folders.push_back(fs::path(home) / ".fonts");
    }
    for (const fs::path& folder : folders) {
        std::error_code error;
        fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
        for (; !error && entry != end; entry.increment(error)) {
            const fs::path& path = entry->path();
            if (path.extension() == ".otf" || path.extension() == ".ttf")
                found.emplace(path.stem().string(), path.string());
        }
    }
    return found;
}

std::string first_of(const std::map<std::string, std::string>& found, std::initializer_list<const char*> names) {
    for (const char* name : names)
        if (const auto entry = found.find(name); entry != found.end()) return entry->second;
    return "";
}

std::array<FontFiles, 3> choose_fonts() {
    const auto found = find_fonts();
    const std::string sans = first_of(found, {"DejaVuSans"}), mono = first_of(found, {"DejaVuSansMono", "DejaVuSans"});
    return {
        {{first_of(found, {"Inter-Regular", "Inter", "DejaVuSans"}), sans},
         {first_of(found, {"Inter-SemiBold", "Inter-Bold", "Inter-Regular", "DejaVuSans-Bold", "DejaVuSans"}), sans},
         {first_of(found, {"JetBrainsMono-Regular", "JetBrainsMono", "DejaVuSansMono", "DejaVuSans"}), mono}}};
}

} // namespace

const FontFiles& font_files(TextStyle style) {
    static const std::array<FontFiles, 3> files = choose_fonts();
    if (is_monospaced(style)) return files[2];
    return files[style == TextStyle::title || style == TextStyle::headline ? 1 : 0];
}

} // namespace dilascope
