#include "engine/backends/cpu/tile_group.h"
#include <algorithm>

namespace dilascope {

static bool have_same_keys(const Plan& plan, const WorkItem& a, const WorkItem& b) {
    if (plan.order.is_permuted() && plan.problem.causal) return false; // its keys are masked by token
    if (a.head != b.head || key_shift_of(plan, a) != key_shift_of(plan, b)) return false;
    const std::span<const KeyRun> runs_a = runs_of(plan, a), runs_b = runs_of(plan, b);
    return std::ranges::equal(runs_a, runs_b) &&
           std::ranges::all_of(runs_a, [](const KeyRun& run) { return run.band.is_full(); });
}

std::vector<TileGroup> group_items(const Plan& plan, std::span<const WorkItem> items, std::int64_t longest) {
    std::vector<TileGroup> groups;
    for (std::int64_t index = 0; index < std::int64_t(items.size()); ++index) {
        const bool joins = !groups.empty() && groups.back().count < longest &&
                           have_same_keys(plan, items[std::size_t(groups.back().begin)], items[std::size_t(index)]);
        if (joins)
            ++groups.back().count;
        else
            groups.push_back({index, 1});
    }
    return groups;
}

} // namespace dilascope
