#include "engine/plan/gradient_slice.h"
#include <algorithm>

namespace dilascope {

namespace {

Range keys_of(const Plan& plan, const WorkItem& item) {
    if (plan.order.is_permuted()) return {0, plan.problem.kv_len}; // runs are ranks
    Range keys{plan.problem.kv_len, 0};
    for (const KeyRun& run : runs_of(plan, item)) {
        keys.begin = std::min(keys.begin, run.first + key_shift_of(plan, item));
        keys.end = std::max(keys.end, run.key(run.count - 1) + key_shift_of(plan, item) + 1);
    }
    return keys.begin < keys.end ? keys : Range{};
}

// The items in `count` slices of about equal work.
std::vector<GradientSlice> sliced(const Plan& plan, std::span<const WorkItem> items, std::int64_t count) {
    std::vector<GradientSlice> slices(static_cast<std::size_t>(count));
    // What an item's time is in proportion to.
    const auto pairs_of = [&](const WorkItem& item) { return tile_pairs(plan, plan.tiles[std::size_t(item.tile)]); };
    std::int64_t total = 0, done = 0;
    for (const WorkItem& item : items) total += pairs_of(item);
    for (const WorkItem& item : items) {
        const std::int64_t pairs = pairs_of(item);
        const double middle = double(done) + double(pairs) / 2;
        const auto index =
            std::min(count - 1, std::int64_t(middle / double(std::max<std::int64_t>(total, 1)) * double(count)));
        GradientSlice& slice = slices[std::size_t(index)];
        const Range keys = keys_of(plan, item);
        if (slice.keys.size() == 0)
            slice.keys = keys;
        else if (keys.size() > 0)
            slice.keys = {std::min(slice.keys.begin, keys.begin), std::max(slice.keys.end, keys.end)};
        slice.items.push_back(item);
        done += pairs;
    }
    std::erase_if(slices, [](const GradientSlice& slice) { return slice.items.empty(); });
    return slices;
}

std::vector<GradientSlice> sliced(const Plan& plan, std::span<const WorkItem> items, const SliceLimits& limits) {
    const std::int64_t lanes = plan.problem.batch * plan.problem.kv_heads;
    for (std::int64_t count = (limits.slices_wanted + lanes - 1) / lanes;; count /= 2) {
        std::vector<GradientSlice> slices = sliced(plan, items, std::max<std::int64_t>(count, 1));
        std::int64_t copied = 0;
        for (const GradientSlice& slice : slices) copied += slice.keys.size();
        if (slices.size() <= 1 || copied <= limits.copied_keys_max * plan.problem.kv_len) return slices;
    }
}

} // namespace

std::vector<GradientSlice> gradient_slices(const Plan& plan, int pass, const SliceLimits& limits) {
    const Problem& problem = plan.problem;
    std::vector<std::vector<WorkItem>> of_kv_head(static_cast<std::size_t>(problem.kv_heads));
    for (const WorkItem& item : work_items(plan, pass))
        of_kv_head[std::size_t(kv_head(problem, item.head))].push_back(item);
    std::vector<GradientSlice> all;
    for (std::int64_t head = 0; head < problem.kv_heads; ++head) {
        std::vector<GradientSlice> slices = sliced(plan, of_kv_head[std::size_t(head)], limits);
        for (GradientSlice& slice : slices) {
            slice.kv_head = head, slice.is_alone = slices.size() == 1;
            all.push_back(std::move(slice));
        }
    }
    return all;
}

} // namespace dilascope
