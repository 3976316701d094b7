#include "engine/order/block_order.h"
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace dilascope {

// Stable sort by a key that is computed once a block.
template <class Key> static std::vector<BlockPair> sorted_by(const std::vector<BlockPair>& blocks, Key&& key_of) {
    std::vector<std::pair<std::int64_t, BlockPair>> keyed;
    keyed.reserve(blocks.size());
    for (const BlockPair& block : blocks) keyed.emplace_back(key_of(block), block);
    std::ranges::stable_sort(keyed, {}, [](const auto& entry) { return entry.first; });
    std::vector<BlockPair> sorted;
    sorted.reserve(blocks.size());
    for (const auto& entry : keyed) sorted.push_back(entry.second);
    return sorted;
}

std::vector<BlockPair> reordered(std::vector<BlockPair> blocks, Curve curve, std::int64_t block_rows,
                                 std::int64_t block_columns) {
    if (curve == Curve::row) { // by far the most frequent, and often sorted already
        if (!std::ranges::is_sorted(blocks)) std::ranges::sort(blocks);
        return blocks;
    }
    const CellSet cells = CellSet::square(CellSet{block_columns, block_rows, 0}.level());
    const CurveWalk& walk = curve_walk(curve);
    return sorted_by(blocks, [&](const BlockPair& block) {
        assert(0 <= block.row && block.row < block_rows && 0 <= block.column && block.column < block_columns);
        return walk.rank_of(cells, {block.column, block.row});
    });
}

double mean_block_step(const std::vector<BlockPair>& blocks) {
    if (blocks.size() < 2) return 0;
    std::int64_t sum = 0;
    for (std::size_t index = 1; index < blocks.size(); ++index)
        sum += std::abs(blocks[index].row - blocks[index - 1].row) +
               std::abs(blocks[index].column - blocks[index - 1].column);
    return double(sum) / double(blocks.size() - 1);
}

LegacyBlockClass legacy_post_pattern_class(const std::vector<BlockPair>& blocks, std::int64_t block_rows) {
    if (blocks.empty()) return LegacyBlockClass::mixed;
    std::int64_t diagonal = 0, distance = 0;
    for (const BlockPair& block : blocks) {
        diagonal += block.row == block.column;
        distance += std::abs(block.row - block.column);
    }
    if (double(diagonal) > double(blocks.size()) * 0.8) return LegacyBlockClass::diagonal;
    const bool is_far = double(distance) / double(blocks.size()) > double(block_rows) * 0.3;
    return is_far ? LegacyBlockClass::scattered : LegacyBlockClass::mixed;
}

std::vector<BlockPair> legacy_post_pattern_order(std::vector<BlockPair> blocks, std::int64_t block_rows) {
    switch (legacy_post_pattern_class(blocks, block_rows)) {
    case LegacyBlockClass::diagonal:
        return sorted_by(blocks, [](const BlockPair& block) { return block.row + block.column; });
    case LegacyBlockClass::scattered: {
        const auto stride = std::int64_t(std::ceil(std::sqrt(double(block_rows))));
        const CellSet cells = CellSet::square(std::bit_width(std::uint64_t(stride - 1)));
        const CurveWalk& hilbert = curve_walk(Curve::hilbert);
        return sorted_by(blocks, [&](const BlockPair& block) {
            const std::int64_t number = block.row * stride + block.column;
            return number < cells.count ? hilbert.rank_of(cells, cells.cell_of(number)) : number;
        });
    }
    case LegacyBlockClass::mixed: break;
    }
    return reordered(std::move(blocks), Curve::row, block_rows, block_rows);
}

} // namespace dilascope
