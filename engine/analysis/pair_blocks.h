#pragma once
// The pairs of a head, or of several heads together, as blocks of affine rows × weighted key runs, repeated along the
// sequence: what every exact count of an analysis is a closed form over.
#include "engine/analysis/head_tiles.h"
#include "engine/analysis/run_union.h"
#include "engine/cancel.h"
#include <functional>

namespace dilascope {

// What a pair counts: 1 whenever some branch of some head holds it, or once for each branch of each head.
enum class PairCount { distinct, multiplicity };

// Query positions first + stride·index, index < count.
struct AffineRows {
    std::int64_t first = 0, stride = 1, count = 0;
    std::int64_t last() const { return first + (count - 1) * stride; }
    friend bool operator==(const AffineRows&, const AffineRows&) = default;
};

// Every row sees every run (cut by its band). Repeat t shifts rows by t·row_shift and keys by t·key_shift. Over all
// blocks of a walk a row (with its repeat) occurs once, and a pair's weights sum to its PairCount.
struct PairBlock {
    std::span<const AffineRows> rows;
    std::span<const WeightedRun> runs;
    Range repeats;
    std::int64_t row_shift = 0, key_shift = 0;
    std::int64_t row_count() const {
        std::int64_t count = 0;
        for (const AffineRows& part : rows) count += part.count;
        return count;
    }
};

// Rows as few affine parts: short periods are found (the rows left by several rates), what is left is cut greedily.
std::vector<AffineRows> affine_parts(std::span<const std::int64_t> positions);

// Walks the blocks of the heads' rows (of a plan in token order); blocks may hold rows outside `positions` too. False
// when cancelled.
//   one head (or heads of one class), one softmax   a block is a tile: memory of one tile
//   else                                            rows are grouped by the tiles that hold them, chunk by chunk; where
//                                                   all lists repeat, over one common period
bool for_each_block(const Plan& plan, std::span<const std::int64_t> heads, PairCount count, Range positions,
                    const CancelFlag* cancel, const std::function<void(const PairBlock&)>& visit);

// The same tile by tile, with multiplicity: a row with several softmaxes occurs once for each. For sums and unions that
// do not ask which pairs are one row's.
bool for_each_tile_block(const Plan& plan, std::span<const std::int64_t> heads, const CancelFlag* cancel,
                         const std::function<void(const PairBlock&)>& visit);

// The query positions of queries.
inline Range positions_of(const Problem& problem, Range queries) {
    return {query_position(problem, queries.begin), query_position(problem, queries.end)};
}

} // namespace dilascope
