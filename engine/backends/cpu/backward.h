#pragma once
// Backward attention over a plan: gradient kernels over all cores, each key's gradient summed in an order that does not
// depend on how many there are.
#include "engine/backends/backend.h"

namespace dilascope {

// Writes all of call.dq, call.dk and call.dv, for every mix but fkodom; the same bits from any number of threads. Error
// when cancelled or when the workspace cannot be allocated; the gradients are then unspecified.
Result<void> cpu_backward(const GradientCall& call);

} // namespace dilascope
