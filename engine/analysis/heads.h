#pragma once
// What several heads read together: how many pairs at least one of them covers, and by how many heads each is read.
#include "engine/analysis/pair_blocks.h"
#include "engine/cancel.h"
#include <numeric>

namespace dilascope {

struct HeadCoverage {
    // [m]: allowed pairs that exactly m of the heads read, m = 0 … heads; branches of one head count once.
    std::vector<std::int64_t> pairs_by_heads;
    std::int64_t allowed() const {
        return std::accumulate(pairs_by_heads.begin(), pairs_by_heads.end(), std::int64_t{0});
    }
    std::int64_t covered() const { return allowed() - pairs_by_heads.front(); }
    double share() const { return double(covered()) / double(allowed()); }
};

// `heads`: different heads of the plan, at least one. Exact. Error when cancelled.
Result<HeadCoverage> head_coverage(const Plan& plan, std::span<const std::int64_t> heads,
                                   const CancelFlag* cancel = nullptr);

// covered() alone, which is faster. Error when cancelled.
Result<std::int64_t> covered_pairs(const Plan& plan, std::span<const std::int64_t> heads,
                                   const CancelFlag* cancel = nullptr);

// Pairs of rows × run that the run's band lets through, times its weight; of one repeat, rows shifted by row_shift.
std::int64_t weighted_pairs(std::span<const AffineRows> rows, const WeightedRun& run, std::int64_t row_shift = 0);

} // namespace dilascope
