#pragma once
// Head-phase planner of dilated patterns: which phases let the heads together read the most pairs.
#include "engine/analysis/heads.h"
#include "engine/cancel.h"
#include <optional>

namespace dilascope {

struct PhasePlan {
    std::int64_t allowed = 0;      // pairs of the problem
    std::int64_t covered_now = 0;  // by at least one head, with the pattern as it is
    std::int64_t covered_best = 0; // with the suggestion; never less than now
    std::int64_t covered_all = 0;  // by every phase at once: no choice covers more (heads=all; else 0, not known)
    // The suggestion: a rule where one covers most, else the `offsets=` of phase=list, one for each head (head_mod is
    // offset = head). Neither: the pattern as it is.
    std::optional<PhaseMode> mode;
    std::vector<std::int64_t> offsets;
};

// Exact coverages; the offsets are found greedily, head by head, and one after the other tried anew until none helps.
// Error when the pattern does not fit the problem, or when cancelled.
Result<PhasePlan> plan_phases(const Dilated& dilated, const Problem& problem, const CancelFlag* cancel = nullptr);

} // namespace dilascope
