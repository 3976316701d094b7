#include "engine/backends/cpu/forward.h"
#include "engine/backends/cpu/merge.h"
#include <algorithm>
#include <limits>
#include <numbers>
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

// Consecutive work items of one head whose rows all see the same keys.
struct TileGroup {
    std::int64_t begin = 0, count = 0; // into the work items
};

std::span<const KeyRun> runs_of(const Plan& plan, const WorkItem& item) {
    const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
    return {plan.runs.data() + tile.runs_begin, std::size_t(tile.run_count)};
}

std::int64_t key_shift_of(const Plan& plan, const WorkItem& item) {
    return item.repeat * plan.lists[std::size_t(item.list)].key_shift;
}

bool have_same_keys(const Plan& plan, const WorkItem& a, const WorkItem& b) {
    if (a.head != b.head || key_shift_of(plan, a) != key_shift_of(plan, b)) return false;
    const std::span<const KeyRun> runs_a = runs_of(plan, a), runs_b = runs_of(plan, b);
    return std::ranges::equal(runs_a, runs_b) &&
           std::ranges::all_of(runs_a, [](const KeyRun& run) { return run.band.is_full(); });
}

// Groups gather each key once for several tiles. They are no longer than leaves every thread several; results do not
// depend on it.
std::vector<TileGroup> group_items(const AttentionCall& call, std::span<const WorkItem> items, std::int64_t threads) {
    constexpr std::int64_t groups_per_thread = 8; // a thread that ends early waits ≤ 1/8 of the time
    const auto item_count = std::int64_t(items.size());
    const std::int64_t spare = item_count * call.problem->batch / (threads * groups_per_thread);
    const std::int64_t longest = std::clamp<std::int64_t>(spare, 1, tiles_per_group(call.problem->head_dim));
    std::vector<TileGroup> groups;
    for (std::int64_t index = 0; index < item_count; ++index) {
        const bool joins =
            !groups.empty() && groups.back().count < longest &&
            have_same_keys(*call.plan, items[std::size_t(groups.back().begin)], items[std::size_t(index)]);
        if (joins)
            ++groups.back().count;
        else
            groups.push_back({index, 1});
    }
    return groups;
}

HeadTensors head_tensors(const AttentionCall& call, std::int64_t batch, std::int64_t head) {
    const Problem& problem = *call.problem;
    const std::int64_t key_origin = key_offset(problem, batch, 0, kv_head(problem, head));
    return {.q = static_cast<const float*>(call.q),
            .k = static_cast<const float*>(call.k) + key_origin,
            .v = static_cast<const float*>(call.v) + key_origin,
            .key_step = problem.kv_heads * problem.head_dim,
            .head_dim = problem.head_dim,
            .scale_log2 = float(softmax_scale(problem) * std::numbers::log2e)};
}

void run_group(const AttentionCall& call, const TileKernel& kernel, std::span<const WorkItem> items, std::int64_t batch,
               MergeRule rule, TileWorkspace& work) {
    const Problem& problem = *call.problem;
    const Plan& plan = *call.plan;
    const std::int64_t first_query = problem.kv_len - problem.seq_len, head = items.front().head;
    std::array<std::array<std::int64_t, max_tile_rows>, 4> positions; // 4 ≥ tiles_per_group
    std::array<TileRows, 4> rows;
    for (std::size_t tile = 0; tile < items.size(); ++tile) {
        tile_rows(plan, items[tile], positions[tile].data());
        rows[tile].count = plan.tiles[std::size_t(items[tile].tile)].row_count;
        for (std::size_t row = 0; row < std::size_t(rows[tile].count); ++row)
            rows[tile].offsets[row] = query_offset(problem, batch, positions[tile][row] - first_query, head);
    }
    KeyFeed feed(runs_of(plan, items.front()), key_shift_of(plan, items.front()),
                 {positions[0].data(), std::size_t(rows[0].count)});
    kernel.attend({rows.data(), items.size()}, head_tensors(call, batch, head), feed, call.cancel, work);
    if (call.is_cancelled()) return;
    for (std::size_t tile = 0; tile < items.size(); ++tile)
        for (std::int64_t row = 0; row < rows[tile].count; ++row) {
            const std::int64_t query = positions[tile][std::size_t(row)] - first_query;
            const TileState& state = work.tiles[tile];
            merge_row(rule, state.out.data() + row * work.dim_step, state.row_max[row], problem.head_dim,
                      call.out + rows[tile].offsets[std::size_t(row)],
                      call.lse + lse_offset(problem, batch, head, query));
        }
}

void run_pass(const AttentionCall& call, const TileKernel& kernel, int pass, std::span<TileWorkspace> work) {
    const std::vector<WorkItem> items = work_items(*call.plan, pass);
    const std::vector<TileGroup> groups = group_items(call, items, std::int64_t(work.size()));
    const auto group_count = std::int64_t(groups.size());
    const std::int64_t total = group_count * call.problem->batch;
    const MergeRule rule = merge_rule(*call.plan, branch_count(*call.pattern));
    // From the last to the first: causal tiles grow along the sequence, and the long ones should not come last.
#pragma omp parallel for schedule(dynamic, 1) num_threads(int(work.size()))
    for (std::int64_t index = 0; index < total; ++index) {
        if (call.is_cancelled()) continue;
        const std::int64_t reversed = total - 1 - index;
        const TileGroup group = groups[std::size_t(reversed % group_count)];
        run_group(call, kernel, std::span(items).subspan(std::size_t(group.begin), std::size_t(group.count)),
                  reversed / group_count, rule, work[std::size_t(omp_get_thread_num())]);
    }
}

} // namespace

Result<void> cpu_forward(const AttentionCall& call, const TileKernel& kernel) {
    std::vector<TileWorkspace> work;
    for (int thread = 0; thread < omp_get_max_threads(); ++thread)
        work.push_back(TRY(TileWorkspace::allocate(call.problem->head_dim)));
    clear_outputs(call);
    for (int pass = 0; pass < call.plan->pass_count; ++pass) run_pass(call, kernel, pass, work);
    if (call.is_cancelled()) return fail("cpu: cancelled before the last tile");
    return {};
}

} // namespace dilascope
