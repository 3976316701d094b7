#pragma once
// The order in which the blocks of a block matrix are computed. It never changes which pairs attend.
#include "engine/order/curve.h"
#include <cstdint>
#include <string_view>
#include <vector>

namespace dilascope {

// One block of a block matrix: block row I of queries, block column J of keys.
struct BlockPair {
    std::int64_t row = 0, column = 0;
    friend auto operator<=>(const BlockPair&, const BlockPair&) = default;
};

// The blocks along the curve over the smallest 2^k square that holds the block matrix (x is the column). The result
// does not depend on the order they come in. 0 ≤ row < block_rows, 0 ≤ column < block_columns, sides at most 2^31.
std::vector<BlockPair> reordered(std::vector<BlockPair> blocks, Curve curve, std::int64_t block_rows,
                                 std::int64_t block_columns);

// Mean Manhattan distance between consecutive blocks; 0 for fewer than two.
double mean_block_step(const std::vector<BlockPair>& blocks);

// What BlockSparseRingDilatedAttentionHilbertPostPattern of dilated-attention-pytorch did, kept to show what its
// published gain rested on. It classifies the blocks of a square matrix and sorts by class:
//   diagonal   more than 0.8 of them have I = J: by I + J
//   scattered  mean |I − J| > 0.3·blocks: by the Hilbert rank of cell I·⌈√blocks⌉ + J of a square of side 2^k ≥
//              ⌈√blocks⌉, a number that several blocks share; those beyond the square keep the number itself
//   mixed      all others: by (I, J), plain row order, with no Hilbert curve in it
// Windows, dilated and global blocks are mixed at every size that was benchmarked. Blocks of equal keys keep their
// order.
enum class LegacyBlockClass : std::uint8_t { diagonal, mixed, scattered };
constexpr auto enum_names(LegacyBlockClass) {
    return std::array<std::string_view, 3>{"diagonal", "mixed", "scattered"};
}
LegacyBlockClass legacy_post_pattern_class(const std::vector<BlockPair>& blocks, std::int64_t block_rows);
std::vector<BlockPair> legacy_post_pattern_order(std::vector<BlockPair> blocks, std::int64_t block_rows);

} // namespace dilascope
