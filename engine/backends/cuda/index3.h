#pragma once
// Index3: a place in, or the size of, a grid of blocks. Plain data that host and device code share.

namespace dilascope {

struct Index3 {
    int x = 1, y = 1, z = 1;
};

} // namespace dilascope
