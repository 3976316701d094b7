#pragma once
// Coverage of a stack of layers: the share of allowed (query, key) pairs within reach, and where it is slow to come.
#include "engine/analysis/reach.h"
#include "engine/cancel.h"

namespace dilascope {

// Whether a stack, repeated as often as needed, reaches every allowed pair.
enum class FullCoverage {
    reached, // after layers_to_full layers
    never,   // some query stops short of it for good: a certain hole, even where queries are sampled
    unknown, // not within the layers looked at
};

struct Coverage {
    bool is_exact = false; // every query was walked; else a sample
    std::int64_t rows = 0; // queries walked
    // [l]: share of allowed pairs within reach in ≤ l layers, l = 0 … layers of the stack (0: the diagonal alone).
    std::vector<double> share;
    std::vector<double> low, high;           // 95 % interval of the sampled share; equal to it when exact
    std::vector<std::int64_t> reached_pairs; // of the queries walked: what `share` comes from, exact integers
    FullCoverage full = FullCoverage::unknown;
    std::int64_t layers_to_full = 0; // of the queries walked; only when full is `reached`
};

struct CoverageLimits {
    std::int64_t exact_tokens = 8192; // up to this many tokens every query is walked (N²/8 bytes a distinct layer)
    std::int64_t sampled_rows = 64;   // beyond: this many queries, drawn without replacement by `seed`
    std::uint64_t seed = 1;
    std::int64_t most_layers = 1000; // looked at for layers_to_full
};

// Error when cancelled.
Result<Coverage> coverage(const Stack& stack, const CoverageLimits& limits = {}, const CancelFlag* cancel = nullptr);

// Least and greatest number of layers that reach the pixel's allowed pairs from its shown queries (shown_queries() of
// engine/weights.h), within the stack.
struct DepthPixel {
    static constexpr std::int32_t never = 1 << 30; // a pair out of reach
    std::int32_t min = -1, max = -1;               // −1: the pixel has no allowed pair
    friend bool operator==(const DepthPixel&, const DepthPixel&) = default;
};
// (rows, columns), row-major, over the region; pixel edges as density_grid's. Error when cancelled.
Result<std::vector<DepthPixel>> depth_map(const Stack& stack, const Region& region, std::int64_t rows,
                                          std::int64_t columns, std::int64_t queries_per_pixel,
                                          const CancelFlag* cancel = nullptr);

} // namespace dilascope
