#pragma once
// What the receptive field view computes in the background: depths, coverage, holes, heads together, phases.
#include "engine/analysis/coverage.h"
#include "engine/analysis/heads.h"
#include "engine/analysis/holes.h"
#include "engine/analysis/phase_plan.h"
#include <atomic>
#include <string>

namespace dilascope {

// Above this many tokens fewer queries are walked and no phases are searched.
inline constexpr std::int64_t reach_tokens_max = 1 << 17;

struct ReachRequest {
    std::uint64_t version = 0; // stands for pattern and problem in comparisons
    Pattern pattern;           // of every layer, or of every second one from the top
    Problem problem;
    std::optional<Pattern> other; // of the layers between
    std::int64_t head = 0;        // whose holes are looked for; a layer reads through all heads
    int layers = 4;
    std::int64_t pixels = 256; // a side of the depth map, at most
    friend bool operator==(const ReachRequest& a, const ReachRequest& b) {
        return a.version == b.version && a.other == b.other && a.head == b.head && a.layers == b.layers &&
               a.pixels == b.pixels;
    }
};

// Each part beside the sentence that says why it is missing.
struct ReachAnswer {
    ReachRequest request;
    std::int64_t rows = 0, columns = 0; // pixels of the depth map
    std::vector<DepthPixel> depths;
    std::optional<Coverage> coverage;
    std::optional<Holes> holes;
    std::optional<HeadCoverage> heads;
    std::optional<PhasePlan> phases; // of dilated patterns
    std::string stack_error, holes_error, heads_error, phases_error;
    std::vector<std::string> left_out; // sentences: what, and why
};

// Unfinished once cancelled.
ReachAnswer analyse_reach(const ReachRequest& request, const std::atomic<bool>& cancel);

} // namespace dilascope
