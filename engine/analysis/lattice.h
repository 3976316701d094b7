#pragma once
// Pairs of two arithmetic progressions by their difference, counted in closed form (floor sums).
#include <cstdint>

namespace dilascope {

struct AffineRows;

// Pairs (u, v) with v − u ≤ difference. Exact while the answer fits in 62 bits.
std::int64_t affine_pairs_at_or_below(const AffineRows& us, const AffineRows& vs, std::int64_t difference);

} // namespace dilascope
