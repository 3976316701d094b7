#pragma once
// CopiedKeys: the keys of one key head that several gradient slices read. Each of these slices sums their gradients in
// copies of its own; every other key has one slice, which adds to dk and dv in place.
#include "engine/plan/gradient_slice.h"
#include <span>
#include <vector>

namespace dilascope {

struct CopiedKeys {
    std::vector<std::int64_t> keys;   // ascending
    std::vector<std::int32_t> number; // (kv_len): a key's index in `keys`, −1 of those in place; empty: all are

    // The numbers of those within a range of keys.
    Range within(Range range) const;
};

// Of all slices of one key head.
CopiedKeys copied_keys(const Plan& plan, std::span<const GradientSlice> slices);

} // namespace dilascope
