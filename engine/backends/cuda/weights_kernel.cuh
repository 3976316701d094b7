#pragma once
// Attention weights as pixels: a block takes one softmax of one query, sums it, and adds its weights to a row of
// pixels. Keys are read twice: once for the sum, once for the weights.
//
//   floor    2 · scores · D · 4 bytes / bandwidth: 2^24 scores of D = 64, as a live picture has them, are 8.6 GB where
//            L2 does not help: 2.6 ms at the 3.35 TB/s of an H100's data sheet. Keeping the scores instead of the
//            second reading would take their place in memory: 4 GB for a dense million tokens, a query a pixel row
//   sums     in double, an addition a key: a large float sum keeps only the high bits of each small term it is given
//   pixels   in fixed point, so that the same picture has the same bits, whichever block comes first
//
// Nothing of this was measured yet.
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/simt.cuh"
#include "engine/backends/cuda/weights_params.h"
#include "engine/infinity.h"

namespace dilascope::KERNEL_NAMESPACE {

// Σ 2^score as sum · 2^max: no score is ever exponentiated alone.
struct WeightsSum {
    double sum = 0;
    float max = minus_infinity;

    DEVICE void add(double other_sum, float other_max) {
        if (other_max > max) {
            sum *= double(simt::exp2_approx(max - other_max));
            max = other_max;
        }
        if (other_sum > 0) sum += other_sum * double(simt::exp2_approx(other_max - max));
    }
};

static_assert(weights_groups * sizeof(WeightsSum) == weights_shared_bytes);

// Calls take(key, score) for each key that the item's query sees, in every lane of the group that has it; scores in
// units of log 2. Lanes of a warp stay together: they meet in shuffles.
template <class Take>
DEVICE void for_each_score(const WeightsParams& params, const WeightsItem& item, const Take& take) {
    constexpr int groups_of_warp = 32 / weights_lanes;
    const int lane = simt::lane() % weights_lanes, group = simt::lane() / weights_lanes;
    const float* q = params.q + std::int64_t(item.query) * params.head_dim;
    for (std::int32_t run_index = 0; run_index < item.run_count; ++run_index) {
        const WeightsRun run = params.runs[item.runs_begin + run_index];
        for (std::int64_t first = simt::warp() * groups_of_warp; first < run.count; first += weights_groups) {
            const bool is_inside = first + group < run.count;
            const std::int64_t place = run.first + run.stride * (is_inside ? first + group : first);
            const std::int64_t key = params.token_of_rank ? params.token_of_rank[place] : place;
            const float* k = params.k + key * params.head_dim;
            float score = 0;
            for (int d = lane; d < params.head_dim; d += weights_lanes) score = fmaf(q[d], k[d], score);
            for (int mask = weights_lanes / 2; mask > 0; mask /= 2) score += simt::shuffle_xor(score, mask);
            if (is_inside && !(params.cuts_ranks && key > item.position)) take(key, score * params.scale_log2);
        }
    }
}

KERNEL LAUNCH_BOUNDS(weights_threads, 6) void weights_kernel(const WeightsParams params) {
    const WeightsItem item = params.items[params.first_item + simt::block_index().x];
    WeightsSum own;
    for_each_score(params, item, [&](std::int64_t, float score) { own.add(1, score); });
    auto* sums = reinterpret_cast<WeightsSum*>(simt::dynamic_shared()); // of the groups
    const bool leads = simt::lane() % weights_lanes == 0;
    if (leads) sums[simt::thread_index().x / weights_lanes] = own;
    simt::barrier();
    WeightsSum all;
    for (int group = 0; group < weights_groups; ++group) all.add(sums[group].sum, sums[group].max);
    if (!(all.sum > 0)) return; // no keys; or scores that are no numbers
    const double unit_share = double(item.factor) / (all.sum * weights_unit);
    std::uint64_t* pixels = params.pixels + std::int64_t(item.row) * params.columns;
    for_each_score(params, item, [&](std::int64_t key, float score) {
        const double weight = unit_share * double(simt::exp2_approx(score - all.max));
        const std::int32_t column = pixel_column(params.column_edges, params.columns, key);
        if (leads && column >= 0 && weight > 0) simt::add_global(pixels + column, std::uint64_t(weight + 0.5));
    });
}

} // namespace dilascope::KERNEL_NAMESPACE
