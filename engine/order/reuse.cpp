#include "engine/order/reuse.h"
#include <algorithm>
#include <cassert>

namespace dilascope {

namespace {

// Counts over positions 0 … n−1 with prefix sums, both in O(log n) (a Fenwick tree).
class PrefixCounts {
public:
    explicit PrefixCounts(std::size_t size) : sums_(size + 1, 0) {}
    void add(std::size_t position, std::int32_t change) {
        for (std::size_t node = position + 1; node < sums_.size(); node += node & -node) sums_[node] += change;
    }
    std::int64_t before(std::size_t position) const {
        std::int64_t sum = 0;
        for (std::size_t node = position; node > 0; node -= node & -node) sum += sums_[node];
        return sum;
    }

private:
    std::vector<std::int32_t> sums_;
};

} // namespace

std::int64_t ReuseDistances::median() const {
    std::int64_t seen = 0;
    for (std::size_t distance = 0; distance < histogram.size(); ++distance) {
        seen += histogram[distance];
        if (2 * seen >= reuse_count()) return std::int64_t(distance);
    }
    return 0;
}

double ReuseDistances::mean() const {
    std::int64_t sum = 0;
    for (std::size_t distance = 0; distance < histogram.size(); ++distance)
        sum += std::int64_t(distance) * histogram[distance];
    return reuse_count() ? double(sum) / double(reuse_count()) : 0;
}

std::int64_t ReuseDistances::lru_miss_count(std::int64_t capacity) const {
    std::int64_t misses = tile_count;
    for (std::size_t distance = std::size_t(std::max<std::int64_t>(0, capacity)); distance < histogram.size();
         ++distance)
        misses += histogram[distance];
    return misses;
}

std::optional<ReuseDistances> reuse_distances(std::span<const std::int32_t> key_tiles, const CancelFlag* cancel) {
    ReuseDistances result;
    result.touch_count = std::int64_t(key_tiles.size());
    if (key_tiles.empty()) return result;
    assert(std::ranges::min(key_tiles) >= 0);
    constexpr std::int64_t never = -1;
    std::vector<std::int64_t> last_touch(std::size_t(std::ranges::max(key_tiles)) + 1, never);
    PrefixCounts last_touches(key_tiles.size()); // 1 where a tile was touched last
    for (std::size_t now = 0; now < key_tiles.size(); ++now) {
        if (now % 65536 == 0 && is_cancelled(cancel)) return std::nullopt;
        std::int64_t& last = last_touch[std::size_t(key_tiles[now])];
        if (last == never) {
            ++result.tile_count;
        } else {
            // Tiles so far, less those whose last touch is not after this one's.
            const auto distance = std::size_t(result.tile_count - last_touches.before(std::size_t(last) + 1));
            if (distance >= result.histogram.size()) result.histogram.resize(distance + 1, 0);
            ++result.histogram[distance];
            last_touches.add(std::size_t(last), -1);
        }
        last = std::int64_t(now);
        last_touches.add(now, 1);
    }
    return result;
}

} // namespace dilascope
