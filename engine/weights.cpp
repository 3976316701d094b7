#include "engine/weights.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace dilascope {
namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

// A run of keys that one row sees, shifted to its repeat and cut by its band: `first + stride·index`.
struct RowRun {
    std::int64_t first = 0, count = 0;
    std::int32_t stride = 1, branch = 0;
};

RowRun row_run(const KeyRun& run, std::int64_t key_shift, std::int64_t position) {
    RowRun seen{run.first + key_shift, run.count, run.stride, run.branch};
    if (run.band.is_full()) return seen;
    // Indices with lo ≤ key − position ≤ hi.
    const auto index_from = [&](std::int64_t key) {
        return -floor_div(seen.first - key, seen.stride);
    }; // ⌈(key − first)/stride⌉
    const std::int64_t begin =
        run.band.lo <= -Band::open ? 0 : std::max<std::int64_t>(0, index_from(position + run.band.lo));
    const std::int64_t end =
        run.band.hi >= Band::open ? seen.count : std::min(seen.count, index_from(position + run.band.hi + 1));
    seen.first += begin * seen.stride;
    seen.count = std::max<std::int64_t>(0, end - begin);
    return seen;
}

// The runs of chosen query positions (ascending) of one head, found by walking the tiles of its class once.
class RowRuns {
public:
    RowRuns(const Plan& plan, std::int64_t head, std::vector<std::int64_t> positions)
        : plan_(plan), positions_(std::move(positions)), runs_(positions_.size()) {
        for (const TileList& list : plan.lists) {
            if (list.head_class != plan.head_classes[std::size_t(head)]) continue;
            for (std::int64_t repeat = 0; repeat < list.repeat_count; ++repeat)
                for (std::int64_t tile = 0; tile < list.tile_count; ++tile)
                    take_tile(plan.tiles[std::size_t(list.tiles_begin + tile)], repeat * list.row_shift,
                              repeat * list.key_shift);
        }
    }
    std::span<const RowRun> runs(std::size_t row) const { return runs_[row]; }

private:
    bool holds(const QueryTile& tile, std::int64_t offset) const {
        if (tile.row_stride > 0) return offset % tile.row_stride == 0;
        const auto first = plan_.row_offsets.begin() + tile.rows_begin;
        return std::binary_search(first, first + tile.row_count, offset);
    }

    void take_tile(const QueryTile& tile, std::int64_t row_shift, std::int64_t key_shift) {
        const std::int64_t first = tile.first_row + row_shift;
        const std::int64_t last_offset = tile.row_stride > 0
                                             ? std::int64_t(tile.row_count - 1) * tile.row_stride
                                             : plan_.row_offsets[std::size_t(tile.rows_begin + tile.row_count - 1)];
        auto wanted = std::lower_bound(positions_.begin(), positions_.end(), first);
        for (; wanted != positions_.end() && *wanted <= first + last_offset; ++wanted) {
            if (!holds(tile, *wanted - first)) continue;
            std::vector<RowRun>& runs = runs_[std::size_t(wanted - positions_.begin())];
            for (std::int32_t index = 0; index < tile.run_count; ++index) {
                const RowRun run = row_run(plan_.runs[std::size_t(tile.runs_begin + index)], key_shift, *wanted);
                if (run.count > 0) runs.push_back(run);
            }
        }
    }

    const Plan& plan_;
    std::vector<std::int64_t> positions_;
    std::vector<std::vector<RowRun>> runs_;
};

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

// One row's weights under construction: a sum for each pixel column, and one for the keys outside the region.
class RowPainter {
public:
    RowPainter(const WeightsCall& call, std::span<const std::int64_t> edges) : call_(call), edges_(edges) {}

    // The softmax over the runs of `branch` (or of all branches when −1), times `factor`, added to `pixels`. False when
    // cancelled.
    bool paint(std::int64_t query, std::span<const RowRun> runs, int branch, double factor, float* pixels) {
        sums_.assign(edges_.size(), {}); // columns, then the outside
        for (const RowRun& run : runs)
            if (branch < 0 || run.branch == branch)
                if (!add_run(query, run)) return false;
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
    bool is_cancelled() const { return call_.cancel && call_.cancel->load(std::memory_order_relaxed); }

    bool add_run(std::int64_t query, const RowRun& run) {
        constexpr std::int64_t keys_between_looks = 1 << 14; // at the cancel flag
        const Problem& p = *call_.problem;
        const float* q = call_.q + query_offset(p, call_.batch, query, call_.head);
        const float* k = call_.k + key_offset(p, call_.batch, 0, kv_head(p, call_.head));
        const std::int64_t key_step = p.kv_heads * p.head_dim;
        const float scale = float(softmax_scale(p));
        const std::size_t outside = edges_.size() - 1;
        std::size_t column = 0;
        for (std::int64_t index = 0; index < run.count; ++index) {
            if (index % keys_between_looks == 0 && is_cancelled()) return false;
            const std::int64_t key = run.first + index * run.stride;
            // Keys ascend, so does the column.
            if (column < outside && key >= edges_[column + 1])
                column = std::size_t(std::upper_bound(edges_.begin() + std::ptrdiff_t(column), edges_.end(), key) -
                                     edges_.begin()) -
                         1;
            const bool is_inside = key >= edges_.front() && column < outside;
            sums_[is_inside ? column : outside].add(scale * dot(q, k + key * key_step, p.head_dim));
        }
        return true;
    }

    const WeightsCall& call_;
    std::span<const std::int64_t> edges_;
    std::vector<ExpSum> sums_;
};

} // namespace

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

Result<std::vector<float>> attention_weights(const WeightsCall& call) {
    const Problem& p = *call.problem;
    const std::vector<std::int64_t> row_edges = pixel_edges(call.region.q, call.rows);
    const std::vector<std::int64_t> column_edges = pixel_edges(call.region.k, call.columns);
    std::vector<float> weights(std::size_t(call.rows * call.columns), 0.0f);
    std::vector<std::int64_t> queries, positions;                   // shown, ascending
    std::vector<std::size_t> row_begin(std::size_t(call.rows) + 1); // index of each pixel row's first query
    for (std::int64_t row = 0; row < call.rows; ++row) {
        for (std::int64_t query :
             shown_queries({row_edges[std::size_t(row)], row_edges[std::size_t(row + 1)]}, call.queries_per_pixel)) {
            queries.push_back(query);
            positions.push_back(query_position(p, query));
        }
        row_begin[std::size_t(row) + 1] = queries.size();
    }
    const RowRuns runs(*call.plan, call.head, std::move(positions));
    const MixMode mix = call.plan->mix;
    const int branch_total = is_joint_softmax(mix) ? 1 : call.plan->pass_count;
    const double factor = is_joint_softmax(mix) || mix == MixMode::none ? 1.0 : 1.0 / branch_total;

    bool cancelled = false;
#pragma omp parallel
    {
        RowPainter painter(call, column_edges);
#pragma omp for schedule(dynamic)
        for (std::int64_t row = 0; row < call.rows; ++row) {
            const std::size_t begin = row_begin[std::size_t(row)], end = row_begin[std::size_t(row) + 1];
            bool painted = true;
            for (std::size_t index = begin; index < end; ++index)
                for (int branch = 0; branch < branch_total && painted; ++branch)
                    painted = painter.paint(queries[index], runs.runs(index), is_joint_softmax(mix) ? -1 : branch,
                                            factor / double(end - begin), weights.data() + row * call.columns);
            if (painted) continue;
#pragma omp atomic write
            cancelled = true;
        }
    }
    if (cancelled) return fail("attention weights: cancelled");
    return weights;
}

} // namespace dilascope
