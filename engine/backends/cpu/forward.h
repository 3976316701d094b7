#pragma once
// Forward attention over a plan with a tile kernel: work items over all cores, passes merged by the plan's mix.
#include "engine/backends/backend.h"
#include "engine/backends/cpu/tile_kernel.h"

namespace dilascope {

// Writes all of call.out and call.lse, for every mix but fkodom (fkodom.h). In one pass no two tiles may hold the same
// row of a head. The result does not depend on the number of threads. Error when cancelled or when the workspace cannot
// be allocated; outputs are then unspecified.
Result<void> cpu_forward(const AttentionCall& call, const TileKernel& kernel);
// The softmax of one pass of the plan by itself, not weighed by the mix.
Result<void> cpu_forward_pass(const AttentionCall& call, const TileKernel& kernel, int pass);

} // namespace dilascope
