#pragma once
// The widest gap between neighbouring keys of one row, in closed form over its runs.
#include "engine/analysis/run_union.h"

namespace dilascope {

// Two keys with none between them; size 0: fewer than two keys.
struct RunGap {
    std::int64_t from = 0, to = 0;
    std::int64_t size() const { return to - from; }
};

class GapFinder {
public:
    // A gap of the union of the runs (bands are not looked at) wider than `wider_than`: the widest, or size 0 when
    // there is none.
    RunGap find(std::span<const WeightedRun> runs, std::int64_t wider_than);

private:
    RunSweep sweep_;
};

} // namespace dilascope
