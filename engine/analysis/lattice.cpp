#include "engine/analysis/lattice.h"
#include "engine/analysis/pair_blocks.h"
#include <algorithm>
#include <utility>

namespace dilascope {

// Σ ⌊(a·i + c)/b⌋ over i < n, for a, c ≥ 0 and b ≥ 1: Euclid's algorithm on the lattice below the line.
static std::int64_t floor_sum(std::int64_t n, std::int64_t b, std::int64_t a, std::int64_t c) {
    std::int64_t sum = 0;
    while (n > 0) {
        const std::int64_t pairs = n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n;
        sum += pairs * (a / b) + n * (c / b);
        a %= b, c %= b;
        const std::int64_t top = a * n + c;
        if (top < b) break;
        n = top / b, c = top % b;
        std::swap(a, b);
    }
    return sum;
}

std::int64_t affine_pairs_at_or_below(const AffineRows& us, const AffineRows& vs, std::int64_t difference) {
    if (us.count <= 0 || vs.count <= 0) return 0;
    const std::int64_t offset = difference + us.first - vs.first; // u of index i sees v up to vs.first + offset + a·i
    const auto index_from = [&](std::int64_t reach) { return -floor_div(offset - reach, us.stride); };
    const std::int64_t rise = std::clamp<std::int64_t>(index_from(0), 0, us.count);
    const std::int64_t full = std::clamp(index_from(vs.stride * (vs.count - 1)), rise, us.count);
    return (us.count - full) * vs.count + (full - rise) +
           floor_sum(full - rise, vs.stride, us.stride, offset + us.stride * rise);
}

} // namespace dilascope
