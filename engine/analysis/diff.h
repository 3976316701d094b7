#pragma once
// What two patterns have in common: pairs of A alone, of B alone, of both.
#include "engine/analysis/pair_blocks.h"
#include "engine/cancel.h"

namespace dilascope {

struct PatternDiff {
    std::int64_t only_a = 0, only_b = 0, both = 0; // distinct pairs; branches of one pattern count once
    std::int64_t united() const { return only_a + only_b + both; }
    // |A∩B| ÷ |A∪B|; 1 for two empty patterns, which are equal.
    double jaccard() const { return united() > 0 ? double(both) / double(united()) : 1.0; }
    friend bool operator==(const PatternDiff&, const PatternDiff&) = default;
};

// One head of two plans for the same queries and keys, exact at any length. Error when the shapes or causality differ,
// when a permuted plan is too long (token_plan.h), or when cancelled.
Result<PatternDiff> pattern_diff(const Plan& a, const Plan& b, std::int64_t head, const CancelFlag* cancel = nullptr);

} // namespace dilascope
