#include "engine/backends/cpu/tile_group.h"
#include <algorithm>
#include <ranges>
#include <tuple>

namespace dilascope {

std::int64_t key_count(std::span<const KeyRun> runs) {
    std::int64_t keys = 0;
    for (const KeyRun& run : runs) keys += run.count;
    return keys;
}

bool share_first_keys(const Plan& plan, const WorkItem& first, const WorkItem& item) {
    if (plan.order.is_permuted() && plan.problem.causal) return false; // its keys are masked by token
    if (first.head != item.head || key_shift_of(plan, first) != key_shift_of(plan, item)) return false;
    const auto is_full = [](const KeyRun& run) { return run.band.is_full(); };
    auto a = runs_of(plan, first) | std::views::filter(is_full), b = runs_of(plan, item) | std::views::filter(is_full);
    std::int64_t shared = 0;
    for (auto at_a = a.begin(), at_b = b.begin(); at_a != a.end() && at_b != b.end(); ++at_a, ++at_b) {
        if (at_a->first != at_b->first || at_a->stride != at_b->stride) break;
        shared += std::min(at_a->count, at_b->count);
        if (at_a->count != at_b->count) break;
    }
    return 2 * shared >= std::max(key_count(runs_of(plan, first)), key_count(runs_of(plan, item)));
}

std::vector<TileGroup> group_items(const Plan& plan, std::span<const WorkItem> items, std::int64_t longest,
                                   JoinsGroup& joins) {
    std::vector<TileGroup> groups;
    for (std::int64_t index = 0; index < std::int64_t(items.size()); ++index) {
        if (!groups.empty() && groups.back().tile_count < longest &&
            joins(plan, items[std::size_t(groups.back().begin)], items[std::size_t(index)]))
            ++groups.back().tile_count;
        else
            groups.push_back({index, 1});
    }
    return groups;
}

std::vector<TileGroup> group_heads(const Plan& plan, std::vector<WorkItem>& items, std::int64_t longest,
                                   std::int64_t most_rows) {
    const auto tile_of = [](const WorkItem& item) { return std::tuple{item.list, item.repeat, item.tile}; };
    const auto key_head = [&](const WorkItem& item) { return kv_head(plan.problem, item.head); };
    std::ranges::stable_sort(items, {}, [&](const WorkItem& item) { return std::tuple{tile_of(item), item.head}; });
    std::vector<TileGroup> groups;
    for (std::int64_t begin = 0, end = 0; begin < std::int64_t(items.size()); begin = end) {
        const WorkItem& first = items[std::size_t(begin)];
        const auto fits = [&](const WorkItem& item) {
            return tile_of(item) == tile_of(first) && key_head(item) == key_head(first) &&
                   (end + 1 - begin) * plan.tiles[std::size_t(first.tile)].row_count <= most_rows;
        };
        for (end = begin + 1; end < std::int64_t(items.size()) && fits(items[std::size_t(end)]);) ++end;
        const bool joins = !groups.empty() && groups.back().tile_count < longest &&
                           groups.back().items_per_tile == end - begin &&
                           tile_of(items[std::size_t(groups.back().begin)]) == tile_of(first);
        if (joins)
            ++groups.back().tile_count;
        else
            groups.push_back({begin, 1, end - begin});
    }
    return groups;
}

} // namespace dilascope
