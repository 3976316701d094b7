#pragma once
// Attention weights as a picture: one head's softmax weights over a region, summed into pixels, or the branches' shares
// of single rows. Never N² of anything: each pixel row is the mean of a few queries, whose keys come from the plan's
// tiles.
#include "engine/cancel.h"
#include "engine/pattern/count.h"
#include "engine/plan/plan.h"
#include "engine/row_runs.h"
#include <atomic>
#include <span>
#include <vector>

namespace dilascope {

// Whose scores are looked at.
struct ScoredHead {
    const Problem* problem = nullptr;
    const Plan* plan = nullptr;
    const float* q = nullptr; // (B,N,H,D)
    const float* k = nullptr; // (B,M,G,D)
    std::int64_t batch = 0, head = 0;
    const CancelFlag* cancel = nullptr;
};

// How many queries a pixel row may average, so that `rows` of them cost about 2^24 scores (some 0.2 s).
std::int64_t affordable_queries(const Plan& plan, std::int64_t rows);

struct WeightsCall : ScoredHead {
    Region region;
    std::int64_t rows = 1, columns = 1; // pixels, edges as density_grid's
    std::int64_t queries_per_pixel = 1; // at most, see shown_queries()
};

// The queries whose mean a pixel row shows, ascending: all of them up to `most`, else one of each of `most` equal
// parts. Its place within the part is scattered (but fixed), for even steps would beat against a dilation.
std::vector<std::int64_t> shown_queries(Range queries, std::int64_t most);

// The shown queries of all pixel rows, and the softmaxes whose weights they add up.
struct ShownRows {
    std::vector<std::int64_t> queries;  // ascending
    std::vector<std::size_t> row_begin; // (rows + 1): index of each pixel row's first
    RowRuns runs;                       // of their positions
    int softmax_count = 1;              // one of all branches (a joint softmax), or one of each
    double softmax_factor = 1;          // what a softmax counts in its query's weights

    bool has_run(int softmax, const RowRun& run) const { return softmax_count == 1 || run.branch == softmax; }
};
ShownRows shown_rows(const WeightsCall& call);

// (rows, columns), row-major: the sum over the pixel's keys of what a query multiplies their values with, averaged over
// the pixel row's shown queries.
//   joint softmax   multiplicity · exp(score − lse); over all keys they sum to 1
//   mean            1/G Σ of the branches' softmax weights
//   none            Σ of the branches' softmax weights
//   fkodom          as mean: its division by the output's sum over the sequence differs by feature, so no weight shows
//   it
// A query without keys, and a pixel without queries or keys, have 0. Error when cancelled.
Result<std::vector<float>> attention_weights(const WeightsCall& call);

struct SharesCall : ScoredHead {
    std::span<const std::int64_t> queries;  // ascending
    int branches = 1;                       // of the pattern
    std::atomic<float>* progress = nullptr; // the part of them that is done, 0 … 1
};

// (queries, branches), row-major: how much of a query's one softmax its branches get, Σ exp(score) over the branch's
// keys ÷ that over all branches' keys; a query without keys has 0 throughout. For plans with a joint softmax. Error
// when cancelled.
Result<std::vector<double>> branch_shares(const SharesCall& call);

} // namespace dilascope
