#include "engine/analysis/pair_blocks.h"
#include "engine/analysis/row_groups.h"
#include <algorithm>
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
            const TilePositions rows(head.plan(), tile);
            const std::vector<AffineRows> affine = affine_parts(rows.positions());
            visit({affine, runs.weighted(), repeats, list.row_shift, list.key_shift});
        }
    }
    return true;
}

bool walk_together(const HeadTiles& head, PairCount count, Range positions, const CancelFlag* cancel,
                   const Visit& visit) {
    BlockRuns runs(count);
    return for_each_group(head, positions, cancel, [&](const RowGroup& group) {
        runs.clear();
        for (const ShiftedTile& shifted : group.tiles)
            runs.add(head.runs(*shifted.tile), shifted.key_shift, shifted.heads);
        const std::vector<AffineRows> affine = affine_parts(group.positions);
        visit({affine, runs.weighted(), group.repeats, group.shift, group.shift});
    });
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
