#include "engine/row_runs.h"
#include <algorithm>

namespace dilascope {
namespace {

struct WantedRow {
    std::int64_t row;  // as the plan's tiles have it
    std::size_t index; // of the caller's position
};

bool holds(const Plan& plan, const QueryTile& tile, std::int64_t offset) {
    if (tile.row_stride > 0) return offset % tile.row_stride == 0;
    const auto first = plan.row_offsets.begin() + tile.rows_begin;
    return std::binary_search(first, first + tile.row_count, offset);
}

// A permuted plan's rows are ranks, which do not ascend with the positions.
std::vector<WantedRow> rows_of(const Plan& plan, std::span<const std::int64_t> positions) {
    std::vector<std::int32_t> ranks;
    if (plan.order.is_permuted()) ranks = inverse_permutation(plan.order.token_of_rank);
    std::vector<WantedRow> rows;
    for (std::size_t index = 0; index < positions.size(); ++index)
        rows.push_back({ranks.empty() ? positions[index] : ranks[std::size_t(positions[index])], index});
    std::ranges::sort(rows, {}, &WantedRow::row);
    return rows;
}

} // namespace

RowRuns row_runs(const Plan& plan, std::int64_t head, std::span<const std::int64_t> positions) {
    RowRuns runs(positions.size());
    const std::vector<WantedRow> rows = rows_of(plan, positions);
    const HeadTiles tiles(plan, {&head, 1});
    const auto take_tile = [&](const QueryTile& tile, std::int64_t row_shift, std::int64_t key_shift) {
        const Range extent = tiles.extent(tile);
        auto wanted = std::ranges::lower_bound(rows, extent.begin + row_shift, {}, &WantedRow::row);
        for (; wanted != rows.end() && wanted->row < extent.end + row_shift; ++wanted) {
            if (!holds(plan, tile, wanted->row - row_shift - tile.first_row)) continue;
            for (const KeyRun& run : tiles.runs(tile))
                if (const RowRun seen = row_run(run, key_shift, wanted->row); seen.count > 0)
                    runs[wanted->index].push_back(seen);
        }
    };
    for (const HeadTiles::Part& part : tiles.parts())
        for (std::int64_t repeat = 0; repeat < part.list->repeat_count; ++repeat)
            for (const QueryTile& tile : tiles.tiles(*part.list))
                take_tile(tile, repeat * part.list->row_shift, repeat * part.list->key_shift);
    return runs;
}

} // namespace dilascope
