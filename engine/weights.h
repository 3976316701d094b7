#pragma once
// Attention weights as a picture: one head's softmax weights over a region, summed into pixels. Never N² of anything:
// each pixel row is one query, whose keys come from the plan's tiles.
#include "engine/backends/backend.h"
#include "engine/pattern/count.h"
#include <vector>

namespace dilascope {

struct WeightsCall {
    const Problem* problem = nullptr;
    const Plan* plan = nullptr;
    const float* q = nullptr; // (B,N,H,D)
    const float* k = nullptr; // (B,M,G,D)
    std::int64_t batch = 0, head = 0;
    Region region;
    std::int64_t rows = 1, columns = 1; // pixels, edges as density_grid's
    const CancelFlag* cancel = nullptr;
};

// The query that a pixel row shows: the middle one (the lower of two).
inline std::int64_t middle_query(Range queries) { return queries.begin + (queries.size() - 1) / 2; }

// (rows, columns), row-major: the sum over the pixel's keys of what the pixel row's query multiplies their values with.
//   joint softmax   multiplicity · exp(score − lse); over all keys they sum to 1
//   mean            1/G Σ of the branches' softmax weights
//   none            Σ of the branches' softmax weights
//   fkodom          as mean: its division by the output's sum over the sequence differs by feature, so no weight shows
//   it
// A query without keys, and a pixel without queries or keys, have 0. Error when cancelled.
Result<std::vector<float>> attention_weights(const WeightsCall& call);

} // namespace dilascope
