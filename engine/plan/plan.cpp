#include "engine/plan/plan.h"
#include "engine/order/order_tables.h"
#include "engine/pattern/count.h"
#include "engine/plan/plan_builder.h"
#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace dilascope {

Result<Plan> make_plan(const Pattern& pattern, const Problem& problem) {
    TRY(validate(pattern, problem));
    Plan plan;
    plan.problem = problem;
    plan.order.order = pattern.order;
    if (!pattern.order.is_row()) plan.order.token_of_rank = *shared_tokens_by_rank(pattern.order, problem.kv_len);
    plan.mix = mix_mode(pattern);
    if (is_joint_softmax(plan.mix)) {
        plan.reason = "all branches of a row in one online softmax";
    } else {
        plan.pass_count = branch_count(pattern);
        plan.reason = fmt::format("mix={} normalises each branch by itself: one pass a branch", enum_name(plan.mix));
    }

    Problem tiled = problem; // what tiles are made for: along a curve every rank is a row, and kernels mask tokens
    if (plan.order.is_permuted()) tiled.seq_len = tiled.kv_len, tiled.causal = false;
    std::map<int, std::int32_t> class_index; // a kind's class number → ours, 0, 1, 2 …
    for (std::int64_t head = 0; head < problem.heads; ++head) {
        const int kind_class = head_class(pattern, problem, head);
        const auto [found, is_new] = class_index.try_emplace(kind_class, std::int32_t(class_index.size()));
        if (is_new) plan.class_heads.emplace_back();
        plan.head_classes.push_back(found->second);
        plan.class_heads[std::size_t(found->second)].push_back(head);
    }
    for (std::size_t index = 0; index < plan.class_heads.size(); ++index) {
        const std::vector<std::int64_t>& heads = plan.class_heads[index];
        PlanBuilder builder(plan, tiled, int(index), std::int64_t(heads.size()));
        std::visit([&](const auto& kind) { append_tiles(kind, tiled, heads.front(), builder); }, pattern.kind);
    }
    if (plan.order.is_permuted() && (problem.causal || problem.seq_len < problem.kv_len)) {
        plan.multiplicity = 0; // the tiles hold pairs that the tokens' order or the queries' range excludes
        for (std::int64_t head = 0; head < problem.heads; ++head)
            plan.multiplicity += count_pairs(pattern, problem, head, whole_matrix(problem), {Count::multiplicity, 0});
    }
    std::erase_if(plan.lists, [](const TileList& list) { return list.tile_count == 0; });
    return plan;
}

Result<Plan> make_branch_plan(const Pattern& dilated, const Problem& problem) {
    Pattern by_branch = dilated;
    std::get<Dilated>(by_branch.kind).mix = MixMode::none;
    return make_plan(by_branch, problem);
}

double forward_flops(const Plan& plan) {
    return 4.0 * double(plan.problem.head_dim) * double(plan.multiplicity) * double(plan.problem.batch);
}

// Tiles in the order in which the curve meets their first row; tiles of equal rows and heads keep theirs.
static void sort_along_curve(const Plan& plan, std::vector<WorkItem>& items) {
    const std::vector<std::int32_t> rank_of_token = inverse_permutation(plan.order.token_of_rank);
    const auto place = [&](const WorkItem& item) {
        const std::int64_t first =
            plan.tiles[std::size_t(item.tile)].first_row + item.repeat * plan.lists[std::size_t(item.list)].row_shift;
        return std::pair{item.head, rank_of_token[std::size_t(first)]};
    };
    std::ranges::stable_sort(items, {}, place);
}

std::vector<WorkItem> work_items(const Plan& plan, int pass) {
    std::vector<WorkItem> items;
    for (std::size_t index = 0; index < plan.lists.size(); ++index) {
        const TileList& list = plan.lists[index];
        if (list.pass != pass) continue;
        for (std::int64_t head : plan.class_heads[std::size_t(list.head_class)])
            for (std::int64_t repeat = 0; repeat < list.repeat_count; ++repeat)
                for (std::int64_t tile = 0; tile < list.tile_count; ++tile)
                    items.push_back({std::int64_t(index), repeat, list.tiles_begin + tile, head});
    }
    if (plan.order.order.use == OrderUse::schedule && !plan.order.token_of_rank.empty()) sort_along_curve(plan, items);
    return items;
}

std::span<const KeyRun> runs_of(const Plan& plan, const WorkItem& item) {
    const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
    return {plan.runs.data() + tile.runs_begin, std::size_t(tile.run_count)};
}

std::int64_t key_shift_of(const Plan& plan, const WorkItem& item) {
    return item.repeat * plan.lists[std::size_t(item.list)].key_shift;
}

std::int64_t tile_pairs(const Plan& plan, const QueryTile& tile) {
    std::int64_t keys = 0;
    for (std::int64_t run = tile.runs_begin; run < tile.runs_begin + tile.run_count; ++run)
        keys += plan.runs[std::size_t(run)].count;
    return keys * tile.row_count;
}

int tile_rows(const Plan& plan, const WorkItem& item, std::int64_t* rows) {
    const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
    const std::int64_t first = tile.first_row + item.repeat * plan.lists[std::size_t(item.list)].row_shift;
    for (std::int32_t row = 0; row < tile.row_count; ++row) {
        const std::int64_t offset = tile.row_stride > 0 ? std::int64_t(row) * tile.row_stride
                                                        : plan.row_offsets[std::size_t(tile.rows_begin + row)];
        rows[row] = first + offset;
    }
    if (!plan.order.is_permuted()) return tile.row_count;
    const std::int64_t first_query = plan.problem.kv_len - plan.problem.seq_len;
    int kept = 0;
    for (std::int32_t row = 0; row < tile.row_count; ++row) {
        const std::int64_t token = plan.order.token_of_rank[std::size_t(rows[row])];
        if (token >= first_query) rows[kept++] = token;
    }
    std::sort(rows, rows + kept); // ascending, so that causality leaves a key one range of rows
    return kept;
}

} // namespace dilascope
