#pragma once
// Reuse distances: how many other key tiles a schedule touches before it comes back to one, and what a cache would
// load.
#include "engine/cancel.h"
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace dilascope {

// The distinct tiles touched between two touches of the same tile; 0 when it is touched twice in a row.
struct ReuseDistances {
    std::int64_t touch_count = 0;
    std::int64_t tile_count = 0;         // distinct tiles: their first touch has no distance
    std::vector<std::int64_t> histogram; // [distance]: touches, up to the longest distance
    std::int64_t reuse_count() const { return touch_count - tile_count; }
    std::int64_t max() const { return histogram.empty() ? 0 : std::int64_t(histogram.size()) - 1; }
    std::int64_t median() const; // the smallest distance that at least half of the reuses do not exceed; 0 without any
    double mean() const;
    // Loads into a cache of `capacity` tiles that drops the least recently used one; first touches count.
    std::int64_t lru_miss_count(std::int64_t capacity) const;
};
// Tile ids in the order they are touched, each 0 … 2^31 − 1 and best without gaps; O(n log n), n < 2^31.
std::optional<ReuseDistances> reuse_distances(std::span<const std::int32_t> key_tiles,
                                              const CancelFlag* cancel = nullptr);

} // namespace dilascope
