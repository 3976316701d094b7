#include "engine/backends/cpu/forward_work.h"
#include "engine/backends/cpu/tile_kernel.h"
#include "engine/plan/key_parts.h"
#include <algorithm>

namespace dilascope {

namespace {

// Groups are no longer than leaves every thread several; results do not depend on it.
std::int64_t longest_group(const Problem& problem, std::size_t item_count, std::size_t threads) {
    constexpr std::int64_t groups_per_thread = 8; // a thread that ends early waits ≤ 1/8 of the time
    const std::int64_t spare = std::int64_t(item_count) * problem.batch / (std::int64_t(threads) * groups_per_thread);
    return std::clamp<std::int64_t>(spare, 1, tiles_per_group(problem.head_dim));
}

// A tile of so few rows computes faster than it reads its keys, if these lie between those of other heads.
bool is_bound_by_memory(const Problem& problem) {
    constexpr std::int64_t few_rows = 16;
    return problem.seq_len <= few_rows;
}

} // namespace

ForwardJob ForwardWork::job(std::int64_t index) const {
    const auto group_count = std::int64_t(groups.size());
    return {groups[std::size_t(index % group_count)], index / group_count % batches, index / group_count / batches};
}

ForwardWork forward_work(const AttentionCall& call, int pass, std::size_t threads) {
    const Plan& plan = *call.plan;
    const Problem& problem = *call.problem;
    ForwardWork work;
    work.batches = problem.batch;
    work.items = work_items(plan, pass);
    std::int64_t most_keys = 0;
    for (const WorkItem& item : work.items) most_keys = std::max(most_keys, key_count(runs_of(plan, item)));
    if (is_bound_by_memory(problem)) {
        // Dropout tells the query heads of a tile apart, which the kernel does not.
        const std::int64_t most_rows = call.dropout.is_off() ? small_tile_rows : 0;
        work.groups = group_heads(plan, work.items, 2 * tiles_per_group(problem.head_dim), most_rows);
    } else {
        work.groups =
            group_items(plan, work.items, longest_group(problem, work.items.size(), threads), share_first_keys);
    }
    // How many tiles groups have may depend on the threads, the parts must not.
    const auto jobs = std::int64_t(is_bound_by_memory(problem) ? work.groups.size() : work.items.size());
    work.parts = key_parts(jobs * problem.batch, most_keys);
    for (const TileGroup& group : work.groups) {
        work.tiles_max = std::max(work.tiles_max, group.tile_count);
        for (std::int64_t index = group.begin; index < group.begin + group.item_count(); ++index) {
            const QueryTile& tile = plan.tiles[std::size_t(work.items[std::size_t(index)].tile)];
            work.rows_max = std::max(work.rows_max, group.items_per_tile * tile.row_count);
        }
    }
    return work;
}

std::vector<KeyRun> runs_of_part(std::span<const KeyRun> runs, std::int64_t part, std::int64_t parts,
                                 std::int64_t block) {
    if (parts == 1) return {runs.begin(), runs.end()};
    const std::int64_t blocks = (key_count(runs) + block - 1) / block;
    const std::int64_t first = blocks * part / parts * block, last = blocks * (part + 1) / parts * block;
    std::vector<KeyRun> cut;
    std::int64_t begin = 0; // of the run, counted over all runs
    for (const KeyRun& run : runs) {
        const std::int64_t from = std::clamp<std::int64_t>(first - begin, 0, run.count);
        const std::int64_t to = std::clamp<std::int64_t>(last - begin, 0, run.count);
        begin += run.count;
        if (from == to) continue;
        cut.push_back(run);
        cut.back().first = run.key(from), cut.back().count = std::int32_t(to - from);
    }
    return cut;
}

} // namespace dilascope
