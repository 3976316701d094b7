#include "engine/plan/gradient_slice.h"
#include <algorithm>
#include <utility>

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

using Items = std::vector<WorkItem>;

// The items in sets that have no key in common, ascending; those of a set in the plan's order.
std::vector<Items> islands_of(const Plan& plan, const Items& items) {
    std::vector<std::pair<Range, std::size_t>> by_keys; // and the index of the item
    for (const WorkItem& item : items) by_keys.emplace_back(keys_of(plan, item), by_keys.size());
    std::ranges::stable_sort(by_keys, {}, [](const auto& item) { return item.first.begin; });
    std::vector<std::vector<std::size_t>> sets;
    std::int64_t end = 0;
    for (const auto& [keys, index] : by_keys) {
        if (sets.empty() || (end > 0 && keys.begin >= end)) sets.emplace_back(); // items without keys join the first
        sets.back().push_back(index);
        end = std::max(end, keys.end);
    }
    std::vector<Items> islands;
    for (std::vector<std::size_t>& set : sets) {
        std::ranges::sort(set);
        for (Items& island = islands.emplace_back(); const std::size_t index : set) island.push_back(items[index]);
    }
    return islands;
}

// What slices are made of: islands, so that slices own their keys, if these are several and enough for half as many
// slices as are wanted; else single items. (Slices of one island with the first of them in place: LongNet's table 0.93
// and 0.95 times as fast with one and four heads, windows 1.03.)
std::vector<Items> pieces_of(const Plan& plan, const Items& items, std::int64_t count) {
    if (count == 1) return {items};
    if (std::vector<Items> islands = islands_of(plan, items);
        islands.size() > 1 && 2 * std::int64_t(islands.size()) >= count)
        return islands;
    std::vector<Items> pieces;
    for (const WorkItem& item : items) pieces.push_back({item});
    return pieces;
}

void add_piece(const Plan& plan, const Items& piece, GradientSlice& slice) {
    for (const WorkItem& item : piece) {
        const Range keys = keys_of(plan, item);
        if (slice.keys.size() == 0)
            slice.keys = keys;
        else if (keys.size() > 0)
            slice.keys = {std::min(slice.keys.begin, keys.begin), std::max(slice.keys.end, keys.end)};
        slice.items.push_back(item);
    }
}

void set_owners(std::vector<GradientSlice>& slices) {
    for (GradientSlice& slice : slices)
        slice.owns_keys = std::ranges::all_of(slices, [&](const GradientSlice& other) {
            return &other == &slice || intersect(slice.keys, other.keys).size() == 0;
        });
}

// The items in at most `count` slices of about equal work.
std::vector<GradientSlice> sliced(const Plan& plan, const Items& items, std::int64_t count) {
    std::vector<GradientSlice> slices(static_cast<std::size_t>(count));
    // What an item's time is in proportion to.
    const auto pairs_of = [&](const Items& piece) {
        std::int64_t pairs = 0;
        for (const WorkItem& item : piece) pairs += tile_pairs(plan, plan.tiles[std::size_t(item.tile)]);
        return pairs;
    };
    const std::int64_t total = pairs_of(items);
    std::int64_t done = 0;
    for (const Items& piece : pieces_of(plan, items, count)) {
        const std::int64_t pairs = pairs_of(piece);
        const double middle = double(done) + double(pairs) / 2;
        const auto index =
            std::min(count - 1, std::int64_t(middle / double(std::max<std::int64_t>(total, 1)) * double(count)));
        add_piece(plan, piece, slices[std::size_t(index)]);
        done += pairs;
    }
    std::erase_if(slices, [](const GradientSlice& slice) { return slice.items.empty(); });
    set_owners(slices);
    return slices;
}

std::vector<GradientSlice> sliced(const Plan& plan, const Items& items, const SliceLimits& limits) {
    const std::int64_t lanes = plan.problem.batch * plan.problem.kv_heads;
    for (std::int64_t count = (limits.slices_wanted + lanes - 1) / lanes;; count /= 2) {
        std::vector<GradientSlice> slices = sliced(plan, items, std::max<std::int64_t>(count, 1));
        std::int64_t copied = 0;
        for (const GradientSlice& slice : slices) copied += slice.owns_keys ? 0 : slice.keys.size();
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
            slice.kv_head = head;
            all.push_back(std::move(slice));
        }
    }
    return all;
}

} // namespace dilascope
