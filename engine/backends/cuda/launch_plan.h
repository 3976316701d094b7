#pragma once
// LaunchPlan: one pass of a plan as flat arrays that kernels read: units of work items, tiles of rows, runs of keys.
#include "engine/backends/cuda/launch_arrays.h"
#include "engine/plan/plan.h"
#include <span>
#include <vector>

namespace dilascope {

struct LaunchPlan {
    std::vector<LaunchItem> items;        // longest first where causality makes them differ
    std::vector<std::int32_t> first_item; // of each work item in the order they were given, and the end
    std::vector<LaunchTile> tiles;
    std::vector<LaunchRun> runs;
    std::vector<std::int32_t> row_offsets;
    bool covers_all_rows = false; // every row of the problem stands in an item
};

// Items of at most `rows` rows. Error when a tile has more than 2^31 keys or an order's tokens do not fit.
Result<LaunchPlan> launch_plan(const Plan& plan, int pass, int rows);

// The same for given items, in their order.
Result<LaunchPlan> launch_plan(const Plan& plan, std::span<const WorkItem> items, int rows);

// Rows that most work of the plan stands in: 128 when tiles of more than 64 rows hold at least half of its pairs.
int rows_wanted(const Plan& plan);

} // namespace dilascope
