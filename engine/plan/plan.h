#pragma once
// Plan: a pattern compiled for a problem: query tiles × key runs, with exact counts. All that kernels ever see.
#include "engine/pattern/pattern.h"
#include "engine/plan/tiles.h"
#include <span>
#include <string>
#include <vector>

namespace dilascope {

// Tiles of one head class, repeated along the sequence: repeat t shifts rows by t·row_shift and keys by t·key_shift.
struct TileList {
    std::int32_t head_class = 0;
    std::int32_t pass = 0; // 0 when all branches share one softmax, else the branch
    std::int64_t tiles_begin = 0, tile_count = 0;
    std::int64_t repeat_count = 1;
    std::int64_t row_shift = 0, key_shift = 0;
};

// What an order makes of a plan. Of `sequence` use: rows and keys of tiles and runs are ranks along the curve, and
// token_of_rank says where they are; their bands are all full, and a causal kernel compares tokens. Of the others: rows
// and keys are tokens, and a kernel may take the curve as the order of work or of storage.
struct PlanOrder {
    Order order;
    std::vector<std::int32_t> token_of_rank; // M entries; empty for Curve::row
    bool is_permuted() const { return !token_of_rank.empty() && order.use == OrderUse::sequence; }
};

struct Plan {
    Problem problem;
    PlanOrder order;
    MixMode mix = MixMode::softmax;
    int pass_count = 1; // 1: all branches in one online softmax; else one pass a branch, merged by `mix`
    std::string reason; // why this many passes, for doctor and run records
    std::vector<TileList> lists;
    std::vector<QueryTile> tiles;
    std::vector<std::int32_t> row_offsets; // of listed rows
    std::vector<KeyRun> runs;
    std::vector<std::int32_t> head_classes;             // class of each head
    std::vector<std::vector<std::int64_t>> class_heads; // heads of each class
    std::int64_t multiplicity = 0; // Σ over heads and rows of the keys a row's softmax sums, exact
    std::int64_t tile_pairs = 0; // Σ rows × run keys before masking, all heads: what a kernel without skipping computes
};

// Error when the pattern does not fit the problem.
Result<Plan> make_plan(const Pattern& pattern, const Problem& problem);
// Of a dilated pattern: each branch in a pass of its own, whatever its mix.
Result<Plan> make_branch_plan(const Pattern& dilated, const Problem& problem);

// Matmul FLOPs of one forward: 4·D for each counted pair, times batch.
double forward_flops(const Plan& plan);

// One unit of work: a tile of one head, shifted to its repeat.
struct WorkItem {
    std::int64_t list = 0, repeat = 0, tile = 0; // tile: index into Plan::tiles
    std::int64_t head = 0;
};
// Token of each rank of a permuted plan, else null.
inline const std::int32_t* permuted_tokens(const Plan& plan) {
    return plan.order.is_permuted() ? plan.order.token_of_rank.data() : nullptr;
}

// All work items of one pass: in list order, or along the curve of an order used as schedule. A batch element
// multiplies them by B.
std::vector<WorkItem> work_items(const Plan& plan, int pass);

// The key runs of an item before its shift, and that shift.
std::span<const KeyRun> runs_of(const Plan& plan, const WorkItem& item);
std::int64_t key_shift_of(const Plan& plan, const WorkItem& item);

// Rows × run keys of a tile before masking.
std::int64_t tile_pairs(const Plan& plan, const QueryTile& tile);

// Query positions of a tile after its shift, ascending; returns how many (row_count, or fewer in permuted plans, whose
// tiles may hold positions before the first query). `rows` holds at least row_count entries.
int tile_rows(const Plan& plan, const WorkItem& item, std::int64_t* rows);

} // namespace dilascope
