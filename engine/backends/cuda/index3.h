#pragma once
// Index3: a place in, or the size of, a grid of blocks. Plain data that host and device code share.
#include <cstdint>

namespace dilascope {

struct Index3 {
    std::int32_t x = 1, y = 1, z = 1; // CUDA's largest grid is 2^31 − 1 across
    friend bool operator==(const Index3&, const Index3&) = default;
};

} // namespace dilascope
