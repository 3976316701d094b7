#include "engine/backends/cpu/forward.h"
#include "engine/backends/cpu/tile_group.h"
#include "engine/backends/merge.h"
#include <algorithm>
#include <limits>
#include <omp.h>

namespace dilascope {

namespace {

void clear_outputs(const AttentionCall& call) {
    const Problem& problem = *call.problem;
    const std::int64_t row_elements = problem.heads * problem.head_dim;
#pragma omp parallel for schedule(static)
    for (std::int64_t row = 0; row < problem.batch * problem.seq_len; ++row) {
        std::fill_n(call.out + row * row_elements, row_elements, 0.0f);
        std::fill_n(call.lse + row * problem.heads, problem.heads, -std::numeric_limits<float>::infinity());
    }
}

// Groups are no longer than leaves every thread several; results do not depend on it.
std::int64_t longest_group(const AttentionCall& call, std::size_t item_count, std::size_t threads) {
    constexpr std::int64_t groups_per_thread = 8; // a thread that ends early waits ≤ 1/8 of the time
    const std::int64_t spare =
        std::int64_t(item_count) * call.problem->batch / (std::int64_t(threads) * groups_per_thread);
    return std::clamp<std::int64_t>(spare, 1, tiles_per_group(call.problem->head_dim));
}

// Keys and values as the kernel reads them: the caller's, or copies stored along the curve of an order used as layout.
struct StoredKeys {
    const std::byte *k = nullptr, *v = nullptr;
    Buffer<std::byte> k_copy, v_copy;
    std::vector<std::int32_t> rank_of_token; // of copies
    const std::int32_t* place_of_token() const { return rank_of_token.empty() ? nullptr : rank_of_token.data(); }
};

Result<StoredKeys> store_keys(const AttentionCall& call) {
    const Problem& problem = *call.problem;
    const PlanOrder& order = call.plan->order;
    StoredKeys stored{static_cast<const std::byte*>(call.k), static_cast<const std::byte*>(call.v), {}, {}, {}};
    if (order.token_of_rank.empty() || order.order.use != OrderUse::layout) return stored;
    if (!call.dropout.is_off()) return stored; // which asks for tokens, not for where they are stored
    const auto element = std::int64_t(dtype_bytes(problem.dtype));
    stored.k_copy = TRY(Buffer<std::byte>::allocate(key_elements(problem) * element, "cpu/ordered_keys"));
    stored.v_copy = TRY(Buffer<std::byte>::allocate(key_elements(problem) * element, "cpu/ordered_values"));
    const std::int64_t row_bytes = problem.kv_heads * problem.head_dim * element;
#pragma omp parallel for schedule(static)
    for (std::int64_t to = 0; to < problem.batch * problem.kv_len; ++to) {
        const std::int64_t rank = to % problem.kv_len;
        const std::int64_t from = to - rank + order.token_of_rank[std::size_t(rank)];
        std::copy_n(stored.k + from * row_bytes, row_bytes, stored.k_copy.data() + to * row_bytes);
        std::copy_n(stored.v + from * row_bytes, row_bytes, stored.v_copy.data() + to * row_bytes);
    }
    stored.k = stored.k_copy.data(), stored.v = stored.v_copy.data();
    stored.rank_of_token = inverse_permutation(order.token_of_rank);
    return stored;
}

void run_group(const AttentionCall& call, const StoredKeys& stored, const TileKernel& kernel,
               std::span<const WorkItem> items, std::int64_t batch, MergeRule rule, TileWorkspace& work) {
    const Problem& problem = *call.problem;
    const Plan& plan = *call.plan;
    const std::int64_t first_query = problem.kv_len - problem.seq_len, head = items.front().head;
    std::array<TileRows, 4> rows; // ≥ tiles_per_group
    std::size_t tiles = 0;
    for (const WorkItem& item : items) {
        rows[tiles].count = tile_rows(plan, item, rows[tiles].positions.data());
        if (rows[tiles].count == 0) continue; // a permuted tile before the first query
        for (std::size_t row = 0; row < std::size_t(rows[tiles].count); ++row)
            rows[tiles].offsets[row] = query_offset(problem, batch, rows[tiles].positions[row] - first_query, head);
        ++tiles;
    }
    if (tiles == 0) return;
    const KeyPlaces places{permuted_tokens(plan), stored.place_of_token(), problem.causal && plan.order.is_permuted()};
    KeyFeed feed(runs_of(plan, items.front()), key_shift_of(plan, items.front()),
                 {rows[0].positions.data(), std::size_t(rows[0].count)}, places);
    const Attend attend = kernel.attend_for(problem.dtype, problem.head_dim);
    attend({rows.data(), tiles}, head_tensors(call, stored.k, stored.v, batch, head), feed, call.cancel, work);
    if (call.is_cancelled()) return;
    for (std::size_t tile = 0; tile < tiles; ++tile)
        for (std::int64_t row = 0; row < rows[tile].count; ++row) {
            const std::int64_t query = rows[tile].positions[std::size_t(row)] - first_query;
            const TileState& state = work.tiles[tile];
            merge_row(rule, state.queries + row * work.dim_step, state.row_max[row], problem.head_dim,
                      call.out + rows[tile].offsets[std::size_t(row)],
                      call.lse + lse_offset(problem, batch, head, query));
        }
}

void run_pass(const AttentionCall& call, const StoredKeys& stored, const TileKernel& kernel, int pass, MergeRule rule,
              std::span<TileWorkspace> work) {
    const std::vector<WorkItem> items = work_items(*call.plan, pass);
    const std::vector<TileGroup> groups =
        group_items(*call.plan, items, longest_group(call, items.size(), work.size()));
    const auto group_count = std::int64_t(groups.size());
    const std::int64_t total = group_count * call.problem->batch;
    // From the last to the first: causal tiles grow along the sequence, and the long ones should not come last.
#pragma omp parallel for schedule(dynamic, 1) num_threads(int(work.size()))
    for (std::int64_t index = 0; index < total; ++index) {
        if (call.is_cancelled()) continue;
        const std::int64_t reversed = total - 1 - index;
        const TileGroup group = groups[std::size_t(reversed % group_count)];
        run_group(call, stored, kernel, std::span(items).subspan(std::size_t(group.begin), std::size_t(group.count)),
                  reversed / group_count, rule, work[std::size_t(omp_get_thread_num())]);
    }
}

Result<void> run_passes(const AttentionCall& call, const TileKernel& kernel, Range passes, MergeRule rule) {
    std::vector<TileWorkspace> work;
    for (int thread = 0; thread < omp_get_max_threads(); ++thread)
        work.push_back(TRY(TileWorkspace::allocate(call.problem->head_dim)));
    const StoredKeys stored = TRY(store_keys(call));
    clear_outputs(call);
    for (std::int64_t pass = passes.begin; pass < passes.end; ++pass)
        run_pass(call, stored, kernel, int(pass), rule, work);
    if (call.is_cancelled()) return fail("cpu: cancelled before the last tile");
    return {};
}

} // namespace

Result<void> cpu_forward(const AttentionCall& call, const TileKernel& kernel) {
    return run_passes(call, kernel, {0, call.plan->pass_count}, merge_rule(*call.plan, branch_count(*call.pattern)));
}

Result<void> cpu_forward_pass(const AttentionCall& call, const TileKernel& kernel, int pass) {
    return run_passes(call, kernel, {pass, pass + 1}, {});
}

} // namespace dilascope
