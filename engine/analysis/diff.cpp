#include "engine/analysis/diff.h"
#include "engine/analysis/heads.h"
#include "engine/analysis/token_plan.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

// Appends the tiles of one head of `from` as those of head `as` of `to`.
void append_head(const Plan& from, std::int64_t head, std::int32_t as, Plan& to) {
    const std::int32_t head_class = from.head_classes[std::size_t(head)];
    for (TileList list : from.lists) {
        if (list.head_class != head_class) continue;
        const std::int64_t first = list.tiles_begin;
        list.head_class = as;
        list.tiles_begin = std::int64_t(to.tiles.size());
        for (std::int64_t index = first; index < first + list.tile_count; ++index) {
            QueryTile tile = from.tiles[std::size_t(index)];
            const auto runs = from.runs.begin() + tile.runs_begin;
            tile.runs_begin = std::int64_t(to.runs.size());
            to.runs.insert(to.runs.end(), runs, runs + tile.run_count);
            if (tile.row_stride == 0) {
                const auto offsets = from.row_offsets.begin() + tile.rows_begin;
                tile.rows_begin = std::int64_t(to.row_offsets.size());
                to.row_offsets.insert(to.row_offsets.end(), offsets, offsets + tile.row_count);
            }
            to.tiles.push_back(tile);
        }
        to.lists.push_back(list);
    }
    to.head_classes.push_back(as);
    to.class_heads.push_back({as});
}

} // namespace

Result<PatternDiff> pattern_diff(const Plan& a, const Plan& b, std::int64_t head, const CancelFlag* cancel) {
    const Problem &pa = a.problem, &pb = b.problem;
    if (pa.seq_len != pb.seq_len || pa.kv_len != pb.kv_len || pa.causal != pb.causal)
        return fail(fmt::format("diff: A is for {} × {} tokens{}, B for {} × {}{}; compare patterns of one problem",
                                pa.seq_len, pa.kv_len, pa.causal ? " causal" : "", pb.seq_len, pb.kv_len,
                                pb.causal ? " causal" : ""));
    const auto tokens_a = TRY(in_token_order(a)), tokens_b = TRY(in_token_order(b));
    Plan side_by_side; // A as head 0, B as head 1: what both heads read is what A and B share
    side_by_side.problem = pa;
    side_by_side.problem.heads = 2, side_by_side.problem.kv_heads = 1;
    append_head(*tokens_a, head, 0, side_by_side);
    append_head(*tokens_b, head, 1, side_by_side);
    constexpr std::int64_t of_a[] = {0}, of_b[] = {1}, of_both[] = {0, 1};
    const std::int64_t pairs_a = TRY(covered_pairs(side_by_side, of_a, cancel));
    const std::int64_t pairs_b = TRY(covered_pairs(side_by_side, of_b, cancel));
    const std::int64_t united = TRY(covered_pairs(side_by_side, of_both, cancel));
    const std::int64_t both = pairs_a + pairs_b - united;
    return PatternDiff{pairs_a - both, pairs_b - both, both};
}

} // namespace dilascope
