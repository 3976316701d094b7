#pragma once
// reference: attention in float64, straight from the predicate. Slow, separate, obviously right; it never sees a plan.
// Every fast path is checked against it before it is timed.
#include "engine/backends/backend.h"
#include <vector>

namespace dilascope {

Backend& reference_backend();

// One row of the output: batch element, query head, query index.
struct RowIndex {
    std::int64_t batch = 0, head = 0, query = 0;
};

// The named rows only: out (rows, D) and lse (rows), float64. `call.plan`, `call.out` and `call.lse` are not read.
// mix=fkodom normalises over the whole sequence, so it costs the whole head.
Result<void> reference_rows(const AttentionCall& call, std::span<const RowIndex> rows, double* out, double* lse);

// A key a row sees, through which branches, and how often it counts in a softmax over all of them.
struct SeenKey {
    std::int64_t key = 0;
    BranchSet branches = 0;
    int times = 0;
};
// All keys query q of a head sees, ascending: the predicate asked for every key.
std::vector<SeenKey> seen_keys(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q);

} // namespace dilascope
