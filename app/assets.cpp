#include "app/assets.h"

namespace dilascope {

std::filesystem::path assets_folder() {
    std::error_code error;
    const auto holds_assets = [&](const std::filesystem::path& folder) {
        return std::filesystem::exists(folder / "assets" / "minilm_layer3.safetensors", error);
    };
    std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    for (int up = 0; up < 4 && !folder.empty() && folder != folder.root_path(); ++up, folder = folder.parent_path())
        if (holds_assets(folder)) return folder / "assets";
    if (holds_assets(DILASCOPE_SOURCE_DIR)) return std::filesystem::path(DILASCOPE_SOURCE_DIR) / "assets";
    return {};
}

std::filesystem::path example_tensors() {
    const std::filesystem::path folder = assets_folder();
    return folder.empty() ? folder : folder / "minilm_layer3.safetensors";
}

} // namespace dilascope
