#pragma once
// Filling a tensor by all threads: at long sequences its pages are touched here for the first time.
#include <cstdint>

namespace dilascope {

void fill(float* values, std::int64_t count, float value);

} // namespace dilascope
