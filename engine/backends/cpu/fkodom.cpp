#include "engine/backends/cpu/fkodom.h"
#include "engine/backends/cpu/key_block.h"
#include "engine/backends/merge.h"
#include "engine/infinity.h"
#include "engine/memory/buffer.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

namespace {

// One branch's own softmax.
struct BranchOutput {
    Buffer<double> out; // (B,N,H,D), 0 where the branch has no key
    Buffer<double> lse; // (B,H,N), −inf there
};

// Online softmax of one row: out holds Σ weight·value, relative to the largest score so far.
struct RowState {
    double largest = minus_infinity, sum = 0;

    void add(double score, const float* value, std::int64_t head_dim, double* out) {
        if (score > largest) {
            const double shrink = std::exp(largest - score);
            sum *= shrink;
            for (std::int64_t d = 0; d < head_dim; ++d) out[d] *= shrink;
            largest = score;
        }
        const double weight = std::exp(score - largest);
        sum += weight;
        for (std::int64_t d = 0; d < head_dim; ++d) out[d] += weight * double(value[d]);
    }
};

double dot_in_double(const float* a, const float* b, std::int64_t count) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t index = 0; index < count; ++index) sum += double(a[index]) * double(b[index]);
    return sum;
}

void attend_tile(const AttentionCall& call, const WorkItem& item, std::int64_t batch, const BranchOutput& branch) {
    const Problem& p = *call.problem;
    const Plan& plan = *call.plan;
    const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
    const std::int64_t first_query = p.kv_len - p.seq_len, group = kv_head(p, item.head);
    const auto *q = static_cast<const float*>(call.q), *k = static_cast<const float*>(call.k),
               *v = static_cast<const float*>(call.v);
    std::array<std::int64_t, max_tile_rows> positions;
    std::array<RowState, max_tile_rows> states;
    const int row_count = tile_rows(plan, item, positions.data());

    const std::int64_t key_shift = item.repeat * plan.lists[std::size_t(item.list)].key_shift;
    KeyFeed feed({plan.runs.data() + tile.runs_begin, std::size_t(tile.run_count)}, key_shift,
                 {positions.data(), std::size_t(row_count)},
                 {permuted_tokens(plan), nullptr, plan.problem.causal && plan.order.is_permuted()});
    for (KeyBlock block; !call.is_cancelled() && feed.next(block);)
        for (int index = 0; index < block.count; ++index) {
            const auto slot = std::size_t(index);
            const std::int64_t key = key_offset(p, batch, block.places[slot], group);
            const int begin = block.is_banded ? block.row_begin[slot] : 0;
            const int end = block.is_banded ? block.row_end[slot] : row_count;
            for (auto row = std::size_t(begin); row < std::size_t(end); ++row) {
                const std::int64_t query = query_offset(p, batch, positions[row] - first_query, item.head);
                const double score = dot_in_double(q + query, k + key, p.head_dim) * softmax_scale(p);
                states[row].add(score, v + key, p.head_dim, branch.out.data() + query);
            }
        }
    for (std::size_t row = 0; row < std::size_t(row_count); ++row) {
        if (states[row].sum == 0) continue;
        const std::int64_t n = positions[row] - first_query;
        double* out = branch.out.data() + query_offset(p, batch, n, item.head);
        for (std::int64_t d = 0; d < p.head_dim; ++d) out[d] /= states[row].sum;
        branch.lse[lse_offset(p, batch, item.head, n)] = states[row].largest + std::log(states[row].sum);
    }
}

void attend_branch(const AttentionCall& call, int pass, const BranchOutput& branch) {
    std::fill(branch.out.begin(), branch.out.end(), 0.0);
    std::fill(branch.lse.begin(), branch.lse.end(), minus_infinity);
    const std::vector<WorkItem> items = work_items(*call.plan, pass);
    const auto item_count = std::int64_t(items.size());
#pragma omp parallel for schedule(dynamic, 1)
    for (std::int64_t index = 0; index < item_count * call.problem->batch; ++index)
        if (!call.is_cancelled()) attend_tile(call, items[std::size_t(index % item_count)], index / item_count, branch);
}

// out += branch ÷ its sum over the sequence ÷ number of branches, over the rows that the branch covers.
void add_normalised(const AttentionCall& call, const BranchOutput& branch) {
    const Problem& p = *call.problem;
    const MergeRule rule = merge_rule(*call.plan, branch_count(*call.pattern));
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t b = 0; b < p.batch; ++b)
        for (std::int64_t h = 0; h < p.heads; ++h) {
            std::vector<double> sums(std::size_t(p.head_dim), 0.0);
            for (std::int64_t n = 0; n < p.seq_len; ++n)
                for (std::int64_t d = 0; d < p.head_dim; ++d)
                    sums[std::size_t(d)] += branch.out[query_offset(p, b, n, h) + d];
            std::vector<float> scaled(std::size_t(p.head_dim));
            for (std::int64_t n = 0; n < p.seq_len; ++n) {
                const std::int64_t row = query_offset(p, b, n, h), row_lse = lse_offset(p, b, h, n);
                for (std::int64_t d = 0; d < p.head_dim; ++d)
                    scaled[std::size_t(d)] = float(branch.out[row + d] / sums[std::size_t(d)]);
                merge_row(rule, scaled.data(), float(branch.lse[row_lse]), p.head_dim, call.out + row,
                          call.lse + row_lse);
            }
        }
}

} // namespace

Result<void> fkodom_forward(const AttentionCall& call) {
    const Problem& p = *call.problem;
    const BranchOutput branch{TRY(Buffer<double>::allocate(query_elements(p), "cpu/fkodom_out")),
                              TRY(Buffer<double>::allocate(lse_elements(p), "cpu/fkodom_lse"))};
    std::fill_n(call.out, query_elements(p), 0.0f);
    std::fill_n(call.lse, lse_elements(p), minus_infinity);
    for (int pass = 0; pass < call.plan->pass_count && !call.is_cancelled(); ++pass) {
        attend_branch(call, pass, branch);
        add_normalised(call, branch);
    }
    if (call.is_cancelled()) return fail("cpu: cancelled before the last tile");
    return {};
}

} // namespace dilascope
