#include "engine/row_runs.h"
#include <algorithm>

namespace dilascope {

RowRuns::RowRuns(const Plan& plan, std::int64_t head, const std::vector<std::int64_t>& positions)
    : plan_(plan), runs_(positions.size()) {
    // A permuted plan's rows are ranks, which do not ascend with the positions.
    std::vector<std::int32_t> ranks;
    if (plan.order.is_permuted()) ranks = inverse_permutation(plan.order.token_of_rank);
    for (std::size_t index = 0; index < positions.size(); ++index)
        rows_.push_back({ranks.empty() ? positions[index] : ranks[std::size_t(positions[index])], index});
    std::ranges::sort(rows_, {}, &Row::row);
    const HeadTiles tiles(plan, {&head, 1});
    for (const HeadTiles::Part& part : tiles.parts())
        for (std::int64_t repeat = 0; repeat < part.list->repeat_count; ++repeat)
            for (const QueryTile& tile : tiles.tiles(*part.list))
                take_tile(tiles, tile, repeat * part.list->row_shift, repeat * part.list->key_shift);
}

bool RowRuns::holds(const QueryTile& tile, std::int64_t offset) const {
    if (tile.row_stride > 0) return offset % tile.row_stride == 0;
    const auto first = plan_.row_offsets.begin() + tile.rows_begin;
    return std::binary_search(first, first + tile.row_count, offset);
}

void RowRuns::take_tile(const HeadTiles& tiles, const QueryTile& tile, std::int64_t row_shift, std::int64_t key_shift) {
    const Range extent = tiles.extent(tile);
    auto wanted = std::ranges::lower_bound(rows_, extent.begin + row_shift, {}, &Row::row);
    for (; wanted != rows_.end() && wanted->row < extent.end + row_shift; ++wanted) {
        if (!holds(tile, wanted->row - row_shift - tile.first_row)) continue;
        for (const KeyRun& run : tiles.runs(tile))
            if (const RowRun seen = row_run(run, key_shift, wanted->row); seen.count > 0)
                runs_[wanted->index].push_back(seen);
    }
}

} // namespace dilascope
