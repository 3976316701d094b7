#pragma once
// The loop in which most pictures end: a row of pixels taken several times.
#include <cstddef>
#include <cstdint>

namespace dilascope {

// out[i] += weight · values[i]
void add_scaled(std::int64_t* out, const std::int64_t* values, std::int64_t weight, std::size_t count);

} // namespace dilascope
