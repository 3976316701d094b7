#pragma once
// What the weights kernel is given: softmaxes of single queries, the keys they see, and the pixels they add to.
#include "engine/backends/cuda/device_code.h"
#include <cstdint>

namespace dilascope {

// Threads of a block; `weights_lanes` neighbours share a key, so that they read whole sectors of its row.
inline constexpr int weights_threads = 128, weights_lanes = 8, weights_groups = weights_threads / weights_lanes;

inline constexpr int weights_shared_bytes = weights_groups * 16; // a sum and a maximum of each group

// Pixels are counted in these, so that their sums do not depend on the order: 4096 softmaxes of one query fit.
inline constexpr double weights_unit = 0x1p-52;

// Places first + stride·index of keys.
struct WeightsRun {
    std::int64_t first = 0, count = 0;
    std::int64_t stride = 1;
};

// One softmax of one shown query.
struct WeightsItem {
    std::int64_t position = 0;   // of the query
    std::int64_t runs_begin = 0; // of the keys the softmax is over
    std::int32_t run_count = 0;
    std::int32_t query = 0; // row of q
    std::int32_t row = 0;   // of pixels
    float factor = 1;       // of its weights
};

struct WeightsParams {
    const WeightsItem* items = nullptr;
    const WeightsRun* runs = nullptr;
    const float* q = nullptr;                    // (shown queries, D)
    const float* k = nullptr;                    // (M, D), of one key head
    const std::int32_t* token_of_rank = nullptr; // where places of keys are ranks, else null
    const std::int64_t* column_edges = nullptr;  // (columns + 1), ascending
    std::uint64_t* pixels = nullptr;             // (rows, columns) in weights_unit; added to
    std::int64_t first_item = 0;                 // of the launch's first block; each has one
    std::int32_t columns = 0, head_dim = 0;
    std::int32_t cuts_ranks = 0; // the causal band does not cut runs of ranks: keys after the query are passed over
    float scale_log2 = 1;        // softmax_scale · log2(e)
};

// The pixel column of a key, −1 outside.
HOST_DEVICE constexpr std::int32_t pixel_column(const std::int64_t* edges, std::int32_t columns, std::int64_t key) {
    if (key < edges[0] || key >= edges[columns]) return -1;
    std::int32_t below = 0, above = columns; // edges[below] ≤ key < edges[above]
    while (above - below > 1) {
        const std::int32_t middle = below + (above - below) / 2;
        (edges[middle] <= key ? below : above) = middle;
    }
    return below;
}

} // namespace dilascope
