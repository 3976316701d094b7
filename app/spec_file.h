#pragma once
// SpecFile: the configuration on screen as an experiment file, which `dilascope batch` runs and the window opens again.
#include "engine/result.h"
#include "experiments/case.h"
#include <filesystem>

namespace dilascope {

// The TOML text. `tensors`: the file the input comes from, empty when it is generated.
std::string spec_text(const Case& config, const std::string& name, const std::filesystem::path& tensors);
// Written to a temporary file and renamed. Errors name the path and the reason.
Result<void> save_spec(const std::filesystem::path& path, const Case& config, const std::filesystem::path& tensors);

} // namespace dilascope
