#pragma once
// GradientUnit: a GradientSlice of one batch element, and the copies of dk and dv that it adds to. A unit runs on one
// thread.
#include "engine/backends/backend.h"
#include "engine/memory/buffer.h"

namespace dilascope {

struct GradientUnit {
    std::int64_t batch = 0, kv_head = 0;
    std::vector<WorkItem> items;
    Range keys; // that its items may read
    // Not where the unit owns its keys: it adds to the call's dk and dv.
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
