#pragma once
// DiffTotals: the exact pairs that two patterns share and do not share, of one head.
#include "engine/analysis/diff.h"
#include "engine/pattern/pattern.h"
#include <optional>
#include <string>

namespace dilascope {

struct DiffRequest {
    std::uint64_t version = 0; // stands for b and problem in comparisons
    std::string compare_text;  // stands for a
    Pattern a, b;
    Problem problem;
    std::int64_t head = 0;
    friend bool operator==(const DiffRequest& x, const DiffRequest& y) {
        return x.version == y.version && x.compare_text == y.compare_text && x.head == y.head;
    }
};

struct DiffTotals {
    DiffRequest request;
    std::optional<PatternDiff> diff;
    std::string error; // why there is none
    // That so many pairs cost a forward pass of this head, two products of head_dim each.
    double flop(std::int64_t pairs) const { return 4.0 * double(request.problem.head_dim) * double(pairs); }
};
// Both patterns valid for the problem. Patterns whose plans would not fit into memory are not counted.
DiffTotals count_diff(const DiffRequest& request, const std::atomic<bool>& cancel);

} // namespace dilascope
