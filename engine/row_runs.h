#pragma once
// RowRuns: the keys that chosen rows of one head see, as runs.
#include "engine/analysis/head_tiles.h"
#include <span>
#include <vector>

namespace dilascope {

// [index]: the runs of the position of that index.
using RowRuns = std::vector<std::vector<RowRun>>;

// Of query positions, ascending; walks the tiles of the head's class once. Keys are as the plan has them: ranks where
// it is permuted, and there a causal band does not cut the runs.
RowRuns row_runs(const Plan& plan, std::int64_t head, std::span<const std::int64_t> positions);

} // namespace dilascope
