#pragma once
// Which pixel of a picture's row a token lies in, by the edges of the pixels.
#include <algorithm>
#include <cstdint>
#include <span>

namespace dilascope {

// The pixel that holds the key, or the first one when all lie behind it; the number of pixels when all lie before it.
inline std::size_t pixel_at(std::span<const std::int64_t> edges, std::int64_t key) {
    const auto after = std::upper_bound(edges.begin(), edges.end(), key);
    return after == edges.begin() ? 0 : std::size_t(after - edges.begin()) - 1;
}

} // namespace dilascope
