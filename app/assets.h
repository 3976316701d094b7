#pragma once
// Assets: the example data that comes with the program.
#include <filesystem>

namespace dilascope {

// assets/ beside the program, above it (a build folder), or in the source tree it was built from; empty when nowhere.
std::filesystem::path assets_folder();
// The shipped real tensors, empty when the assets are not there.
std::filesystem::path example_tensors();

} // namespace dilascope
