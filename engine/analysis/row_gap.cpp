#include "engine/analysis/row_gap.h"
#include "engine/pattern/common_multiple.h"
#include <algorithm>

namespace dilascope {
namespace {

constexpr std::int64_t none = std::int64_t{1} << 62;

// The first key ≥ `key` of the runs' classes.
std::int64_t next_key(std::span<const WeightedRun> runs, std::span<const std::size_t> active, std::int64_t key) {
    std::int64_t next = none;
    for (std::size_t index : active) {
        const Residues members = class_of(runs[index]);
        next = std::min(next, members.residue + first_index(members, key) * members.modulus);
    }
    return next;
}

std::int64_t last_key(std::span<const WeightedRun> runs, std::span<const std::size_t> active, Range keys) {
    std::int64_t last = -1;
    for (std::size_t index : active) {
        const Residues members = class_of(runs[index]);
        last = std::max(last, members.residue + (first_index(members, keys.end) - 1) * members.modulus);
    }
    return last;
}

} // namespace

RunGap GapFinder::find(std::span<const WeightedRun> runs, std::int64_t wider_than) {
    RunGap widest;
    const auto offer = [&](std::int64_t from, std::int64_t to) {
        if (to - from > std::max(wider_than, widest.size())) widest = {from, to};
    };
    std::int64_t previous = none; // the last key so far
    sweep_.for_each(runs, [&](Range keys, std::span<const std::size_t> active) {
        std::int64_t key = next_key(runs, active, keys.begin);
        if (key >= keys.end) return;
        if (previous != none) offer(previous, key);
        previous = last_key(runs, active, keys);
        // Inside, no gap is wider than the smallest stride, and the gaps recur with the strides' common multiple.
        std::int64_t smallest = none, period = 1;
        for (std::size_t index : active) {
            smallest = std::min(smallest, runs[index].stride);
            period = common_multiple(period, runs[index].stride, keys.size());
        }
        if (smallest <= std::max(wider_than, widest.size())) return;
        const std::int64_t end = std::min(previous, key + period);
        while (key < end) {
            const std::int64_t next = next_key(runs, active, key + 1);
            offer(key, next);
            key = next;
        }
    });
    return widest;
}

} // namespace dilascope
