#include "engine/weights.h"
#include "engine/infinity.h"
#include <algorithm>
#include <cmath>

namespace dilascope {
namespace {

std::vector<std::int64_t> query_positions(const Problem& problem, std::span<const std::int64_t> queries) {
    std::vector<std::int64_t> positions;
    for (std::int64_t query : queries) positions.push_back(query_position(problem, query));
    return positions;
}

float dot(const float* a, const float* b, std::int64_t count) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t d = 0; d < count; ++d) sum += a[d] * b[d];
    return sum;
}

// Σ exp(score) as sum · exp(max): no score is ever exponentiated alone, none is seen twice.
struct ExpSum {
    float max = minus_infinity;
    double sum = 0;
    void add(float score) {
        if (score <= max) {
            sum += std::exp(score - max);
        } else {
            sum = sum * std::exp(max - score) + 1;
            max = score;
        }
    }
};

// Calls take(key, score) for each key of a run that the query sees; false when cancelled.
template <class Take> bool for_each_score(const ScoredHead& call, std::int64_t query, const RowRun& run, Take take) {
    constexpr std::int64_t keys_between_looks = 1 << 14; // at the cancel flag
    const Problem& p = *call.problem;
    const float* q = call.q + query_offset(p, call.batch, query, call.head);
    const float* k = call.k + key_offset(p, call.batch, 0, kv_head(p, call.head));
    const std::int64_t key_step = p.kv_heads * p.head_dim, position = query_position(p, query);
    const float scale = float(softmax_scale(p));
    const std::int32_t* tokens = permuted_tokens(*call.plan);
    for (std::int64_t index = 0; index < run.count; ++index) {
        if (index % keys_between_looks == 0 && is_cancelled(call.cancel)) return false;
        const std::int64_t place = run.first + index * run.stride, key = tokens ? tokens[place] : place;
        if (tokens && p.causal && key > position) continue;
        take(key, scale * dot(q, k + key * key_step, p.head_dim));
    }
    return true;
}

// One row's weights under construction: a sum for each pixel column, and one for the keys outside the region.
class RowPainter {
public:
    RowPainter(const WeightsCall& call, std::span<const std::int64_t> edges) : call_(call), edges_(edges) {}

    // One softmax of the shown query of that index, times `factor`, added to `pixels`. False when cancelled.
    bool paint(const ShownRows& shown, std::size_t index, int softmax, double factor, float* pixels) {
        sums_.assign(edges_.size(), {}); // columns, then the outside
        for (const RowRun& run : shown.runs[index])
            if (shown.has_run(softmax, run) && !add_run(shown.queries[index], run)) return false;
        float max = minus_infinity;
        for (const ExpSum& sum : sums_) max = std::max(max, sum.max);
        if (max == minus_infinity) return true;
        double total = 0;
        for (const ExpSum& sum : sums_) total += sum.sum * std::exp(double(sum.max) - max);
        for (std::size_t column = 0; column + 1 < edges_.size(); ++column)
            pixels[column] += float(factor * sums_[column].sum * std::exp(double(sums_[column].max) - max) / total);
        return true;
    }

private:
    bool add_run(std::int64_t query, const RowRun& run) {
        const bool ascends = !permuted_tokens(*call_.plan); // along a curve keys do not; else the column does too
        const std::size_t outside = edges_.size() - 1;
        std::size_t column = 0;
        return for_each_score(call_, query, run, [&](std::int64_t key, float score) {
            if (!ascends) column = 0;
            if (column < outside && key >= edges_[column + 1])
                column = std::size_t(std::upper_bound(edges_.begin() + std::ptrdiff_t(column), edges_.end(), key) -
                                     edges_.begin()) -
                         1;
            const bool is_inside = key >= edges_.front() && column < outside;
            sums_[is_inside ? column : outside].add(score);
        });
    }

    const WeightsCall& call_;
    std::span<const std::int64_t> edges_;
    std::vector<ExpSum> sums_;
};

} // namespace

std::int64_t affordable_queries(const Plan& plan, std::int64_t rows) {
    const double keys_per_query = double(plan.multiplicity) / double(plan.problem.heads * plan.problem.seq_len);
    return std::int64_t(std::clamp(0x1p24 / (double(rows) * std::max(keys_per_query, 1.0)), 1.0, 16.0));
}

std::vector<std::int64_t> shown_queries(Range queries, std::int64_t most) {
    const std::int64_t parts = std::min(queries.size(), most);
    std::vector<std::int64_t> shown;
    for (std::int64_t part = 0; part < parts; ++part) {
        const std::int64_t begin = queries.begin + part * queries.size() / parts;
        const std::int64_t end = queries.begin + (part + 1) * queries.size() / parts;
        const std::uint64_t scatter = std::uint64_t(begin) * 0x9e3779b97f4a7c15u >> 32; // Fibonacci hashing
        shown.push_back(begin + std::int64_t(scatter % std::uint64_t(end - begin)));
    }
    return shown;
}

ShownRows shown_rows(const WeightsCall& call) {
    const std::vector<std::int64_t> edges = pixel_edges(call.region.q, call.rows);
    ShownRows shown;
    shown.row_begin.push_back(0);
    for (std::size_t row = 0; row < std::size_t(call.rows); ++row) {
        const std::vector<std::int64_t> queries = shown_queries({edges[row], edges[row + 1]}, call.queries_per_pixel);
        shown.queries.insert(shown.queries.end(), queries.begin(), queries.end());
        shown.row_begin.push_back(shown.queries.size());
    }
    shown.runs = row_runs(*call.plan, call.head, query_positions(*call.problem, shown.queries));
    const MixMode mix = call.plan->mix;
    if (is_joint_softmax(mix)) return shown;
    shown.softmax_count = call.plan->pass_count;
    if (mix != MixMode::none) shown.softmax_factor = 1.0 / shown.softmax_count;
    return shown;
}

Result<std::vector<float>> attention_weights(const WeightsCall& call) {
    const std::vector<std::int64_t> column_edges = pixel_edges(call.region.k, call.columns);
    std::vector<float> weights(std::size_t(call.rows * call.columns), 0.0f);
    const ShownRows shown = shown_rows(call);
    bool cancelled = false;
#pragma omp parallel
    {
        RowPainter painter(call, column_edges);
#pragma omp for schedule(dynamic)
        for (std::int64_t row = 0; row < call.rows; ++row) {
            const std::size_t begin = shown.row_begin[std::size_t(row)], end = shown.row_begin[std::size_t(row) + 1];
            bool painted = true;
            for (std::size_t index = begin; index < end; ++index)
                for (int softmax = 0; softmax < shown.softmax_count && painted; ++softmax)
                    painted = painter.paint(shown, index, softmax, shown.softmax_factor / double(end - begin),
                                            weights.data() + row * call.columns);
            if (painted) continue;
#pragma omp atomic write
            cancelled = true;
        }
    }
    if (cancelled) return fail("attention weights: cancelled");
    return weights;
}

Result<std::vector<double>> branch_shares(const SharesCall& call) {
    const std::size_t branch_total = std::size_t(call.branches);
    std::vector<double> shares(call.queries.size() * branch_total, 0.0);
    const RowRuns runs = row_runs(*call.plan, call.head, query_positions(*call.problem, call.queries));
    bool cancelled = false;
    std::atomic<std::int64_t> done = 0;
#pragma omp parallel
    {
        std::vector<ExpSum> sums;
#pragma omp for schedule(dynamic)
        for (std::int64_t index = 0; index < std::int64_t(call.queries.size()); ++index) {
            sums.assign(branch_total, {});
            bool counted = true;
            for (const RowRun& run : runs[std::size_t(index)]) {
                ExpSum& sum = sums[std::size_t(run.branch)];
                counted = counted && for_each_score(call, call.queries[std::size_t(index)], run,
                                                    [&](std::int64_t, float score) { sum.add(score); });
            }
            if (!counted) {
#pragma omp atomic write
                cancelled = true;
                continue;
            }
            float max = minus_infinity;
            for (const ExpSum& sum : sums) max = std::max(max, sum.max);
            if (max > minus_infinity) {
                double total = 0;
                for (const ExpSum& sum : sums) total += sum.sum * std::exp(double(sum.max) - max);
                for (std::size_t branch = 0; branch < branch_total; ++branch)
                    shares[std::size_t(index) * branch_total + branch] =
                        sums[branch].sum * std::exp(double(sums[branch].max) - max) / total;
            }
            const std::int64_t finished = done.fetch_add(1, std::memory_order_relaxed) + 1;
            if (call.progress)
                call.progress->store(float(finished) / float(call.queries.size()), std::memory_order_relaxed);
        }
    }
    if (cancelled) return fail("branch shares: cancelled");
    return shares;
}

} // namespace dilascope
