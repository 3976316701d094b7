#pragma once
// GradientSlice: some of the work items that read one key head, for one worker of backward. A worker adds to the
// gradients of its keys item by item, in place if no other slice reads them, else into copies that only it has; copies
// are then summed in order. How the work is cut depends on the plan alone, so the sums do not depend on who computes
// what when.
#include "engine/plan/plan.h"

namespace dilascope {

struct GradientSlice {
    std::int64_t kv_head = 0;
    std::vector<WorkItem> items;
    Range keys;             // that its items may read
    bool owns_keys = false; // no other slice of its key head may read any of them
};

struct SliceLimits {
    std::int64_t slices_wanted = 16;  // of all batch elements and key heads together
    std::int64_t copied_keys_max = 4; // slices that own no keys have at most this many times the keys there are
};

// All work items of one pass, slices of a key head in order.
std::vector<GradientSlice> gradient_slices(const Plan& plan, int pass, const SliceLimits& limits = {});

} // namespace dilascope
