#include "engine/backends/cpu/forward.h"
#include "engine/backends/cpu/merge.h"
#include <algorithm>
#include <limits>
#include <numbers>
#include <omp.h>

namespace dilascope {

namespace {

// Where the rows of a pass go: the call's output, or fkodom's buffer of one branch.
struct RowSink {
    MergeRule rule;
    float* out = nullptr; // (B,N,H,D)
    float* lse = nullptr; // (B,H,N)
};

void clear_rows(const Problem& problem, const RowSink& sink) {
    const std::int64_t row_elements = problem.heads * problem.head_dim;
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < problem.batch * problem.seq_len; ++row) {
        std::fill_n(sink.out + row * row_elements, row_elements, 0.0f);
        std::fill_n(sink.lse + row * problem.heads, problem.heads, -std::numeric_limits<float>::infinity());
    }
}

void run_tile(const AttentionCall& call, const TileKernel& kernel, const WorkItem& item, std::int64_t batch,
              const RowSink& sink, TileWorkspace& work) {
    const Problem& problem = *call.problem;
    const Plan& plan = *call.plan;
    const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
    const std::int64_t first_query = problem.kv_len - problem.seq_len;

    std::array<std::int64_t, max_tile_rows> positions, offsets;
    tile_rows(plan, item, positions.data());
    for (std::size_t row = 0; row < std::size_t(tile.row_count); ++row)
        offsets[row] = query_offset(problem, batch, positions[row] - first_query, item.head);

    TileRows rows;
    rows.count = tile.row_count;
    rows.offsets = offsets.data();
    const std::int64_t key_origin = key_offset(problem, batch, 0, kv_head(problem, item.head));
    rows.q = static_cast<const float*>(call.q);
    rows.k = static_cast<const float*>(call.k) + key_origin;
    rows.v = static_cast<const float*>(call.v) + key_origin;
    rows.key_step = problem.kv_heads * problem.head_dim;
    rows.scale_log2 = float(softmax_scale(problem) * std::numbers::log2e);

    const std::span runs(plan.runs.data() + tile.runs_begin, std::size_t(tile.run_count));
    KeyFeed feed(runs, item.repeat * plan.lists[std::size_t(item.list)].key_shift,
                 {positions.data(), std::size_t(tile.row_count)});
    KeyBlock block;
    kernel.begin(rows, work);
    while (!call.is_cancelled() && feed.next(block)) kernel.accumulate(rows, block, work);
    kernel.finish(rows, work);
    for (std::int64_t row = 0; row < tile.row_count; ++row) {
        const std::int64_t query = positions[std::size_t(row)] - first_query;
        merge_row(sink.rule, work.out.data() + row * work.dim_step, work.row_max[row], problem.head_dim,
                  sink.out + offsets[std::size_t(row)], sink.lse + lse_offset(problem, batch, item.head, query));
    }
}

void run_pass(const AttentionCall& call, const TileKernel& kernel, int pass, const RowSink& sink,
              std::span<TileWorkspace> work) {
    const std::vector<WorkItem> items = work_items(*call.plan, pass);
    const auto item_count = std::int64_t(items.size());
    const std::int64_t total = item_count * call.problem->batch;
    // From the last item to the first: causal tiles grow along the sequence, and the long ones should not come last.
#pragma omp parallel for schedule(dynamic, 1) num_threads(int(work.size()))
    for (std::int64_t index = 0; index < total; ++index) {
        if (call.is_cancelled()) continue;
        const std::int64_t reversed = total - 1 - index;
        run_tile(call, kernel, items[std::size_t(reversed % item_count)], reversed / item_count, sink,
                 work[std::size_t(omp_get_thread_num())]);
    }
}

// fkodom: out += weight · branch ÷ (its sum over the sequence, per batch, head and d), over the rows the branch covers.
void add_normalised_branch(const Problem& problem, const RowSink& branch, const RowSink& sink) {
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t b = 0; b < problem.batch; ++b)
        for (std::int64_t h = 0; h < problem.heads; ++h) {
            std::array<double, 256> sums{};
            for (std::int64_t n = 0; n < problem.seq_len; ++n) {
                const float* out = branch.out + query_offset(problem, b, n, h);
                for (std::int64_t d = 0; d < problem.head_dim; ++d) sums[std::size_t(d)] += double(out[d]);
            }
            std::array<float, 256> scaled{};
            for (std::int64_t n = 0; n < problem.seq_len; ++n) {
                const std::int64_t row = query_offset(problem, b, n, h), row_lse = lse_offset(problem, b, h, n);
                for (std::int64_t d = 0; d < problem.head_dim; ++d)
                    scaled[std::size_t(d)] = float(double(branch.out[row + d]) / sums[std::size_t(d)]);
                merge_row(sink.rule, scaled.data(), branch.lse[row_lse], problem.head_dim, sink.out + row,
                          sink.lse + row_lse);
            }
        }
}

} // namespace

Result<void> cpu_forward(const AttentionCall& call, const TileKernel& kernel) {
    const Problem& problem = *call.problem;
    std::vector<TileWorkspace> work;
    for (int thread = 0; thread < omp_get_max_threads(); ++thread)
        work.push_back(TRY(TileWorkspace::allocate(problem.head_dim)));

    const RowSink sink{merge_rule(*call.plan, branch_count(*call.pattern)), call.out, call.lse};
    clear_rows(problem, sink);
    if (call.plan->mix == MixMode::fkodom) {
        const Buffer<float> out = TRY(Buffer<float>::allocate(query_elements(problem), "cpu/branch_out"));
        const Buffer<float> lse = TRY(Buffer<float>::allocate(lse_elements(problem), "cpu/branch_lse"));
        const RowSink branch{MergeRule{}, out.data(), lse.data()};
        for (int pass = 0; pass < call.plan->pass_count && !call.is_cancelled(); ++pass) {
            clear_rows(problem, branch);
            run_pass(call, kernel, pass, branch, work);
            add_normalised_branch(problem, branch, sink);
        }
    } else {
        for (int pass = 0; pass < call.plan->pass_count; ++pass) run_pass(call, kernel, pass, sink, work);
    }
    if (call.is_cancelled()) return fail("cpu: cancelled before the last tile");
    return {};
}

} // namespace dilascope
