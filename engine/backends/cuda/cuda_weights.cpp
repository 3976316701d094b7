#include "engine/backends/cuda/cuda_weights.h"
#include "engine/backends/cuda/device_plan.h"
#include "engine/backends/cuda/weights_params.h"
#include <algorithm>
#include <numbers>

namespace dilascope {
namespace {

// A picture's softmaxes one after another: what the blocks of the kernel are.
struct WeightsWork {
    std::vector<WeightsItem> items;
    std::vector<WeightsRun> runs;
    std::vector<std::int64_t> scores_end; // of each item: the scores of it and all before
};

WeightsWork weights_work(const WeightsCall& call, const ShownRows& shown) {
    WeightsWork work;
    std::int64_t scores = 0;
    for (std::int64_t row = 0; row < call.rows; ++row) {
        const std::size_t begin = shown.row_begin[std::size_t(row)], end = shown.row_begin[std::size_t(row) + 1];
        for (std::size_t index = begin; index < end; ++index)
            for (int softmax = 0; softmax < shown.softmax_count; ++softmax) {
                const auto runs_begin = std::int64_t(work.runs.size());
                for (const RowRun& run : shown.runs[index])
                    if (shown.has_run(softmax, run)) {
                        work.runs.push_back({run.first, run.count, run.stride});
                        scores += run.count;
                    }
                const std::int64_t run_count = std::int64_t(work.runs.size()) - runs_begin;
                if (run_count == 0) continue;
                work.items.push_back({query_position(*call.problem, shown.queries[index]), runs_begin,
                                      std::int32_t(run_count), std::int32_t(index), std::int32_t(row),
                                      float(shown.softmax_factor / double(end - begin))});
                work.scores_end.push_back(scores);
            }
    }
    return work;
}

class CudaWeights final : public ReadyWeights {
public:
    explicit CudaWeights(CudaDevice& device) : device_(device) {}

    Result<std::vector<float>> draw(const WeightsCall& call) override {
        if (is_cancelled(call.cancel)) return cancelled();
        TRY(bring_keys(call));
        const ShownRows shown = shown_rows(call);
        const WeightsWork work = weights_work(call, shown);
        const auto items = TRY(uploaded(device_, std::span(work.items), "cuda/weights_items"));
        const auto runs = TRY(uploaded(device_, std::span(work.runs), "cuda/weights_runs"));
        const std::vector<std::int64_t> edges = pixel_edges(call.region.k, call.columns);
        const auto edges_there = TRY(uploaded(device_, std::span(edges), "cuda/weights_edges"));
        const std::vector<float> rows = query_rows(call, shown);
        const auto q = TRY(uploaded(device_, std::span(rows), "cuda/weights_q"));
        DeviceBuffer<std::int32_t> tokens;
        if (call.plan->order.is_permuted())
            tokens = TRY(uploaded(device_, std::span(call.plan->order.token_of_rank), "cuda/weights_order"));
        auto pixels = TRY(device_.allocate<std::uint64_t>(call.rows * call.columns, "cuda/weights_pixels"));
        TRY(pixels.fill(0));
        WeightsParams params;
        params.items = items.data(), params.runs = runs.data(), params.q = q.data(), params.k = keys_.data();
        params.token_of_rank = tokens.data(), params.column_edges = edges_there.data();
        params.pixels = pixels.data(), params.columns = std::int32_t(call.columns);
        params.head_dim = std::int32_t(call.problem->head_dim);
        params.cuts_ranks = tokens.data() && call.problem->causal;
        params.scale_log2 = float(softmax_scale(*call.problem) * std::numbers::log2e);
        TRY(launch(params, work, call.cancel));
        return download(pixels);
    }

private:
    static tl::unexpected<Error> cancelled() { return fail("attention weights: cancelled"); }

    // The keys of the call's head, (M, D): heads of one key head share them.
    Result<void> bring_keys(const WeightsCall& call) {
        const Problem& p = *call.problem;
        const std::int64_t first = key_offset(p, call.batch, 0, kv_head(p, call.head));
        if (keys_.data() && keys_first_ == first) return {};
        std::vector<float> keys;
        keys.reserve(std::size_t(p.kv_len * p.head_dim));
        for (std::int64_t key = 0; key < p.kv_len; ++key) {
            const float* row = call.k + first + key * p.kv_heads * p.head_dim;
            keys.insert(keys.end(), row, row + p.head_dim);
        }
        keys_ = {}; // before there are two
        keys_ = TRY(uploaded(device_, std::span(std::as_const(keys)), "cuda/weights_k"));
        keys_first_ = first;
        return {};
    }

    static std::vector<float> query_rows(const WeightsCall& call, const ShownRows& shown) {
        std::vector<float> rows;
        for (const std::int64_t query : shown.queries) {
            const float* row = call.q + query_offset(*call.problem, call.batch, query, call.head);
            rows.insert(rows.end(), row, row + call.problem->head_dim);
        }
        return rows;
    }

    // So many softmaxes at a time that a launch is soon over: the cancel flag is looked at in between.
    Result<void> launch(WeightsParams params, const WeightsWork& work, const CancelFlag* cancel) {
        constexpr std::int64_t scores_of_launch = std::int64_t(1) << 27; // fewer softmaxes, for each has a score
        const auto item_count = std::int64_t(work.items.size());
        for (std::int64_t first = 0; first < item_count;) {
            if (is_cancelled(cancel)) return cancelled();
            const std::int64_t scores_before = first == 0 ? 0 : work.scores_end[std::size_t(first - 1)];
            const auto end = std::upper_bound(work.scores_end.begin() + first + 1, work.scores_end.end(),
                                              scores_before + scores_of_launch);
            const std::int64_t count = end - work.scores_end.begin() - first;
            params.first_item = first;
            TRY(device_.launch("weights", {std::int32_t(count), 1, 1}, weights_threads, weights_shared_bytes, params));
            TRY(device_.synchronize());
            first += count;
        }
        return {};
    }

    Result<std::vector<float>> download(const DeviceBuffer<std::uint64_t>& pixels) {
        std::vector<std::uint64_t> units(std::size_t(pixels.size()));
        TRY(pixels.download(units.data(), pixels.size()));
        TRY(device_.synchronize());
        std::vector<float> weights;
        weights.reserve(units.size());
        for (const std::uint64_t unit : units) weights.push_back(float(double(unit) * weights_unit));
        return weights;
    }

    CudaDevice& device_;
    DeviceBuffer<float> keys_;
    std::int64_t keys_first_ = 0; // where they are in k
};

} // namespace

Result<std::unique_ptr<ReadyWeights>> make_cuda_weights(CudaDevice& device) {
    if (device.is_lost()) return fail(device.loss().sentence);
    return std::make_unique<CudaWeights>(device);
}

} // namespace dilascope
