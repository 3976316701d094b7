#include "engine/analysis/head_tiles.h"
#include <algorithm>

namespace dilascope {

RowRun row_run(const KeyRun& run, std::int64_t key_shift, std::int64_t position) {
    RowRun seen{run.first + key_shift, run.count, run.stride, run.branch};
    if (run.band.is_full()) return seen;
    // Indices with lo ≤ key − position ≤ hi.
    const auto index_from = [&](std::int64_t key) {
        return -floor_div(seen.first - key, seen.stride);
    }; // ⌈(key − first)/stride⌉
    const std::int64_t begin =
        run.band.lo <= -Band::open ? 0 : std::max<std::int64_t>(0, index_from(position + run.band.lo));
    const std::int64_t end =
        run.band.hi >= Band::open ? seen.count : std::min(seen.count, index_from(position + run.band.hi + 1));
    seen.first += begin * seen.stride;
    seen.count = std::max<std::int64_t>(0, end - begin);
    return seen;
}

TilePositions::TilePositions(const Plan& plan, const QueryTile& tile) : count_(tile.row_count) {
    for (std::int32_t row = 0; row < count_; ++row)
        positions_[std::size_t(row)] =
            tile.first_row + (tile.row_stride > 0 ? std::int64_t(row) * tile.row_stride
                                                  : plan.row_offsets[std::size_t(tile.rows_begin + row)]);
}

HeadTiles::HeadTiles(const Plan& plan, std::span<const std::int64_t> heads) : plan_(&plan) {
    std::vector<std::int64_t> heads_of_class(plan.class_heads.size(), 0);
    for (std::int64_t head : heads) ++heads_of_class[std::size_t(plan.head_classes[std::size_t(head)])];
    for (const TileList& list : plan.lists)
        if (const std::int64_t count = heads_of_class[std::size_t(list.head_class)]; count > 0)
            parts_.push_back({&list, count});
}

Range HeadTiles::extent(const QueryTile& tile) const {
    const std::int64_t last = tile.row_stride > 0
                                  ? std::int64_t(tile.row_count - 1) * tile.row_stride
                                  : plan_->row_offsets[std::size_t(tile.rows_begin + tile.row_count - 1)];
    return {tile.first_row, tile.first_row + last + 1};
}

Range HeadTiles::extent(const TileList& list) const {
    Range all{std::int64_t{1} << 62, 0};
    for (const QueryTile& tile : tiles(list)) {
        const Range one = extent(tile);
        all = {std::min(all.begin, one.begin), std::max(all.end, one.end)};
    }
    return all;
}

Range touching_repeats(Range extent, std::int64_t count, std::int64_t shift, Range range) {
    if (extent.size() == 0 || range.size() == 0 || count <= 0) return {0, 0};
    if (shift == 0) return intersect(extent, range).size() > 0 ? Range{0, count} : Range{0, 0};
    // extent.end + t·shift > range.begin and extent.begin + t·shift < range.end
    const Range touching{floor_div(range.begin - extent.end, shift) + 1,
                         floor_div(range.end - 1 - extent.begin, shift) + 1};
    const Range kept = intersect(touching, {0, count});
    return kept.size() > 0 ? kept : Range{0, 0};
}

} // namespace dilascope
