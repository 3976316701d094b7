#pragma once
// GradientUnit: a GradientSlice of one batch element, and the copies of dk and dv that it adds to. A unit runs on one
// thread.
#include "engine/backends/backend.h"
#include "engine/backends/cpu/copied_keys.h"
#include "engine/memory/buffer.h"

namespace dilascope {

struct GradientUnit {
    std::int64_t batch = 0, kv_head = 0;
    std::vector<WorkItem> items;
    std::span<const std::int32_t> copy_number;        // CopiedKeys::number of its key head
    Range copied;                                     // the numbers of those it has copies of
    float *dk_copies = nullptr, *dv_copies = nullptr; // (copied.size(), D)
};

struct GradientUnits {
    std::vector<GradientUnit> all;
    std::vector<CopiedKeys> copied; // of each key head
    Buffer<float> copies;           // of all units, in one piece
};

// The units of one pass. Error when the copies cannot be allocated.
Result<GradientUnits> gradient_units(const Plan& plan, int pass);

// dk and dv (B,M,G,D) += the copies, in the order of the units.
void add_copies(const Problem& problem, const GradientUnits& units, float* dk, float* dv);

} // namespace dilascope
