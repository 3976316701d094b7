#include "engine/analysis/pair_blocks.h"
#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace dilascope {
namespace {

// Runs of one block: raw runs in, weighted runs out.
class BlockRuns {
public:
    explicit BlockRuns(PairCount count) : count_(count) {}
    void clear() { raw_.clear(); }
    void add(std::span<const KeyRun> runs, std::int64_t key_shift, std::int64_t weight) {
        for (const KeyRun& run : runs) raw_.push_back({run.first + key_shift, run.stride, run.count, weight, run.band});
    }
    std::span<const WeightedRun> weighted() {
        if (count_ == PairCount::multiplicity) return raw_;
        const auto key = [](const WeightedRun& run) {
            return std::tuple(run.first, run.stride, run.count, run.band.lo, run.band.hi);
        };
        std::ranges::sort(raw_, {}, key);
        raw_.erase(std::ranges::unique(raw_, {}, key).begin(), raw_.end());
        united_.clear();
        append_union(raw_, united_);
        return united_;
    }

private:
    PairCount count_;
    std::vector<WeightedRun> raw_, united_;
};

// A tile at one of its repeats.
struct ShiftedTile {
    const QueryTile* tile;
    std::int64_t row_shift, key_shift, heads;
    auto operator<=>(const ShiftedTile&) const = default;
};

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
                    visit(ShiftedTile{entry->tile, shift, repeat * list.key_shift, part_.heads});
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
struct Stretch {
    Range positions;
    std::int64_t copies = 1, shift = 0;
};

// The stretch where every list repeats and none of the others has a row, if it holds two common periods or more.
std::vector<Stretch> stretches(const HeadTiles& head, Range all) {
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

using Visit = std::function<void(const PairBlock&)>;

bool walk_tiles(const HeadTiles& head, PairCount count, Range positions, const CancelFlag* cancel, const Visit& visit) {
    BlockRuns runs(count);
    for (const HeadTiles::Part& part : head.parts()) {
        const TileList& list = *part.list;
        for (const QueryTile& tile : head.tiles(list)) {
            if (is_cancelled(cancel)) return false;
            const Range repeats = touching_repeats(head.extent(tile), list.repeat_count, list.row_shift, positions);
            if (repeats.size() == 0) continue;
            runs.clear();
            runs.add(head.runs(tile), 0, part.heads);
            const TileRows rows(head.plan(), tile);
            const std::vector<AffineRows> affine = affine_parts(rows.positions());
            visit({affine, runs.weighted(), repeats, list.row_shift, list.key_shift});
        }
    }
    return true;
}

// Rows of the chunk grouped by the shifted tiles that hold them; each group becomes a block.
void walk_chunk(const HeadTiles& head, std::span<const TileFinder> finders, PairCount count, Range chunk,
                const PairBlock& repeated, const Visit& visit) {
    std::vector<std::vector<ShiftedTile>> tiles_of_row(std::size_t(chunk.size()));
    for (const TileFinder& finder : finders)
        finder.for_each(chunk, [&](const ShiftedTile& shifted) {
            for (std::int64_t position : TileRows(head.plan(), *shifted.tile).positions())
                if (chunk.contains(position + shifted.row_shift))
                    tiles_of_row[std::size_t(position + shifted.row_shift - chunk.begin)].push_back(shifted);
        });
    std::map<std::vector<ShiftedTile>, std::vector<std::int64_t>> rows_by_tiles;
    for (std::int64_t row = chunk.begin; row < chunk.end; ++row)
        if (auto& tiles = tiles_of_row[std::size_t(row - chunk.begin)]; !tiles.empty())
            rows_by_tiles[std::move(tiles)].push_back(row);
    BlockRuns runs(count);
    for (const auto& [tiles, rows] : rows_by_tiles) {
        runs.clear();
        for (const ShiftedTile& shifted : tiles) runs.add(head.runs(*shifted.tile), shifted.key_shift, shifted.heads);
        const std::vector<AffineRows> affine = affine_parts(rows);
        PairBlock block = repeated;
        block.rows = affine, block.runs = runs.weighted();
        visit(block);
    }
}

bool walk_together(const HeadTiles& head, PairCount count, Range positions, const CancelFlag* cancel,
                   const Visit& visit) {
    constexpr std::int64_t chunk_rows = 4096;
    const Problem& p = head.plan().problem;
    std::vector<TileFinder> finders;
    for (const HeadTiles::Part& part : head.parts()) finders.emplace_back(head, part);
    for (const Stretch& stretch : stretches(head, positions_of(p, {0, p.seq_len}))) {
        PairBlock block;
        block.row_shift = block.key_shift = stretch.shift;
        for (std::int64_t begin = stretch.positions.begin; begin < stretch.positions.end; begin += chunk_rows) {
            if (is_cancelled(cancel)) return false;
            const Range chunk{begin, std::min(begin + chunk_rows, stretch.positions.end)};
            block.repeats = touching_repeats(chunk, stretch.copies, stretch.shift, positions);
            if (block.repeats.size() > 0) walk_chunk(head, finders, count, chunk, block, visit);
        }
    }
    return true;
}

} // namespace

std::vector<AffineRows> affine_parts(std::span<const std::int64_t> positions) {
    constexpr std::size_t longest_period = 24;
    std::vector<AffineRows> parts;
    for (std::size_t period = 1; period <= longest_period && 2 * period <= positions.size(); ++period) {
        const std::int64_t step = positions[period] - positions[0];
        std::size_t row = period;
        while (row < positions.size() && positions[row] - positions[row - period] == step) ++row;
        if (row < positions.size()) continue;
        for (std::size_t first = 0; first < period; ++first)
            parts.push_back({positions[first], step, std::int64_t((positions.size() - first + period - 1) / period)});
        return parts;
    }
    for (std::size_t first = 0; first < positions.size();) {
        std::size_t end = first + 1;
        const std::int64_t step = end < positions.size() ? positions[end] - positions[first] : 1;
        while (end < positions.size() && positions[end] - positions[end - 1] == step) ++end;
        parts.push_back({positions[first], step, std::int64_t(end - first)});
        first = end;
    }
    return parts;
}

bool for_each_tile_block(const Plan& plan, std::span<const std::int64_t> heads, const CancelFlag* cancel,
                         const Visit& visit) {
    const Problem& p = plan.problem;
    return walk_tiles(HeadTiles(plan, heads), PairCount::multiplicity, positions_of(p, {0, p.seq_len}), cancel, visit);
}

bool for_each_block(const Plan& plan, std::span<const std::int64_t> heads, PairCount count, Range positions,
                    const CancelFlag* cancel, const Visit& visit) {
    const HeadTiles head(plan, heads);
    std::set<std::pair<std::int32_t, std::int32_t>> softmaxes; // class and pass: within one, a row has one tile
    for (const HeadTiles::Part& part : head.parts()) softmaxes.insert({part.list->head_class, part.list->pass});
    return softmaxes.size() <= 1 ? walk_tiles(head, count, positions, cancel, visit)
                                 : walk_together(head, count, positions, cancel, visit);
}

} // namespace dilascope
