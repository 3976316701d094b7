#pragma once
// fkodom's mix: each branch's output divided by its sum over the sequence, per batch, head and d; then their mean.
//
// In float64, because those sums are often near zero and magnify every rounding: with f32 weights the worst element was
// off by 1.4e-4 at N = 509, D = 256. Plain loops; a mix that is kept to reproduce published numbers need not be fast.
#include "engine/backends/backend.h"

namespace dilascope {

// Writes all of call.out and call.lse. Error when cancelled or when the branch buffer cannot be allocated.
Result<void> fkodom_forward(const AttentionCall& call);

} // namespace dilascope
