#pragma once
// GradientUnit: a slice of the work items of one key head. A unit runs on one thread and adds to the gradients of its
// keys item by item; units of one key head add to copies of their own, which are then summed in order. How the work is
// cut depends on the plan alone, so the result does not depend on the number of threads.
#include "engine/backends/backend.h"
#include "engine/memory/buffer.h"

namespace dilascope {

struct GradientUnit {
    std::int64_t batch = 0, kv_head = 0;
    std::vector<WorkItem> items;
    Range keys; // that its items may read
    // Not where the unit is its key head's only one: that adds to the call's dk and dv.
    bool is_copied = false;
    float *dk = nullptr, *dv = nullptr; // copies of its own, (keys.size(), D)
};

struct GradientUnits {
    std::vector<GradientUnit> all;
    Buffer<float> copies; // of all units, in one piece
};

// The units of one pass. Error when the copies cannot be allocated.
Result<GradientUnits> gradient_units(const Plan& plan, int pass);

// dk and dv (B,M,G,D) += the copies, in the order of the units.
void add_copies(const Problem& problem, std::span<const GradientUnit> units, float* dk, float* dv);

} // namespace dilascope
