#include "engine/analysis/row_groups.h"
#include <algorithm>
#include <map>
#include <numeric>

namespace dilascope {
namespace {

// Finds the tiles of a list that touch a range of positions without looking at all of them.
class TileFinder {
public:
    TileFinder(const HeadTiles& head, const HeadTiles::Part& part) : part_(part), extent_(head.extent(*part.list)) {
        for (const QueryTile& tile : head.tiles(*part.list)) {
            tiles_.push_back({head.extent(tile), &tile});
            longest_ = std::max(longest_, tiles_.back().extent.size());
        }
        std::ranges::sort(tiles_, {}, [](const Entry& entry) { return entry.extent.begin; });
    }
    template <class Visit> void for_each(Range positions, Visit&& visit) const {
        const TileList& list = *part_.list;
        const Range repeats = touching_repeats(extent_, list.repeat_count, list.row_shift, positions);
        for (std::int64_t repeat = repeats.begin; repeat < repeats.end; ++repeat) {
            const std::int64_t shift = repeat * list.row_shift;
            const Range wanted{positions.begin - shift, positions.end - shift};
            auto entry = std::ranges::lower_bound(tiles_, wanted.begin - longest_, {},
                                                  [](const Entry& e) { return e.extent.begin; });
            for (; entry != tiles_.end() && entry->extent.begin < wanted.end; ++entry)
                if (entry->extent.end > wanted.begin)
                    visit(ShiftedTile{entry->tile, shift, repeat * list.key_shift, part_.heads, list.head_class});
        }
    }

private:
    struct Entry {
        Range extent;
        const QueryTile* tile;
    };
    HeadTiles::Part part_;
    Range extent_;
    std::vector<Entry> tiles_;
    std::int64_t longest_ = 0;
};

// Positions of which `copies` shifted ones look alike.
struct RowStretch {
    Range positions;
    std::int64_t copies = 1, shift = 0;
};

// The stretch where every list repeats and none of the others has a row, if it holds two common periods or more.
std::vector<RowStretch> stretches(const HeadTiles& head, Range all) {
    std::int64_t period = 1;
    Range steady = all;
    bool repeats = false;
    for (const HeadTiles::Part& part : head.parts()) {
        const TileList& list = *part.list;
        if (list.repeat_count <= 1) continue;
        const Range extent = head.extent(list);
        if (list.row_shift != list.key_shift || extent.size() > list.row_shift) return {{all}};
        const std::int64_t step = list.row_shift / std::gcd(period, list.row_shift);
        if (step > all.size() / period) return {{all}};
        period *= step;
        steady = intersect(steady, {extent.begin, extent.begin + list.repeat_count * list.row_shift});
        repeats = true;
    }
    const std::int64_t copies = steady.size() / period;
    if (!repeats || copies < 2) return {{all}};
    for (const HeadTiles::Part& part : head.parts())
        if (part.list->repeat_count == 1 && intersect(head.extent(*part.list), steady).size() > 0) return {{all}};
    return {{{all.begin, steady.begin}},
            {{steady.begin, steady.begin + period}, copies, period},
            {{steady.begin + copies * period, all.end}}};
}

// Rows of the chunk grouped by the shifted tiles that hold them.
void walk_chunk(const HeadTiles& head, std::span<const TileFinder> finders, Range chunk, RowGroup group,
                const std::function<void(const RowGroup&)>& visit) {
    std::vector<std::vector<ShiftedTile>> tiles_of_row(std::size_t(chunk.size()));
    for (const TileFinder& finder : finders)
        finder.for_each(chunk, [&](const ShiftedTile& shifted) {
            const TilePositions rows(head.plan(), *shifted.tile);
            for (std::int64_t position : rows.positions())
                if (chunk.contains(position + shifted.row_shift))
                    tiles_of_row[std::size_t(position + shifted.row_shift - chunk.begin)].push_back(shifted);
        });
    std::map<std::vector<ShiftedTile>, std::vector<std::int64_t>> rows_by_tiles;
    for (std::int64_t row = chunk.begin; row < chunk.end; ++row)
        if (auto& tiles = tiles_of_row[std::size_t(row - chunk.begin)]; !tiles.empty())
            rows_by_tiles[std::move(tiles)].push_back(row);
    for (const auto& [tiles, rows] : rows_by_tiles) {
        group.positions = rows, group.tiles = tiles;
        visit(group);
    }
}

} // namespace

bool for_each_group(const HeadTiles& head, Range positions, const CancelFlag* cancel,
                    const std::function<void(const RowGroup&)>& visit) {
    constexpr std::int64_t chunk_rows = 4096;
    const Problem& p = head.plan().problem;
    std::vector<TileFinder> finders;
    for (const HeadTiles::Part& part : head.parts()) finders.emplace_back(head, part);
    for (const RowStretch& stretch : stretches(head, {query_position(p, 0), p.kv_len}))
        for (std::int64_t begin = stretch.positions.begin; begin < stretch.positions.end; begin += chunk_rows) {
            if (is_cancelled(cancel)) return false;
            const Range chunk{begin, std::min(begin + chunk_rows, stretch.positions.end)};
            RowGroup group;
            group.repeats = touching_repeats(chunk, stretch.copies, stretch.shift, positions);
            group.shift = stretch.shift;
            if (group.repeats.size() > 0) walk_chunk(head, finders, chunk, group, visit);
        }
    return true;
}

} // namespace dilascope
