#include "engine/backends/cpu/key_shares.h"
#include "engine/backends/cpu/tile_group.h"
#include <algorithm>
#include <tuple>

namespace dilascope {

namespace {

// Runs of equal places begin alike: full ones of them differ in their count at most.
auto place_of(const KeyRun& run) { return std::tuple{!run.band.is_full(), run.branch, run.first, run.stride}; }

std::vector<KeyRun> in_order(std::span<const KeyRun> runs) {
    std::vector<KeyRun> ordered(runs.begin(), runs.end());
    std::ranges::sort(ordered, {}, place_of);
    return ordered;
}

// Of both in order: calls visit(run of a, run of b or null where b has none of its place).
template <class Visit> void for_each_pair(std::span<const KeyRun> a, std::span<const KeyRun> b, Visit visit) {
    std::size_t at = 0;
    for (const KeyRun& run : a) {
        while (at < b.size() && place_of(b[at]) < place_of(run)) ++at;
        const bool is_found = at < b.size() && place_of(b[at]) == place_of(run);
        visit(run, is_found ? &b[at++] : nullptr);
    }
}

} // namespace

KeyShares share_keys(std::span<const std::span<const KeyRun>> tiles) {
    KeyShares shares;
    for (const std::span<const KeyRun> tile : tiles) shares.own.push_back(in_order(tile));
    shares.common = shares.own.front();
    for (const std::vector<KeyRun>& tile : shares.own) {
        std::vector<KeyRun> common;
        for_each_pair(shares.common, tile, [&](KeyRun run, const KeyRun* like) {
            if (!like || !run.band.is_full()) return;
            run.count = std::min(run.count, like->count);
            common.push_back(run);
        });
        shares.common = std::move(common);
    }
    for (std::vector<KeyRun>& tile : shares.own) {
        std::vector<KeyRun> own;
        for_each_pair(tile, shares.common, [&](KeyRun run, const KeyRun* common) {
            if (common) run.first = run.key(common->count), run.count -= common->count;
            if (run.count > 0) own.push_back(run);
        });
        tile = std::move(own);
    }
    return shares;
}

bool share_most_keys(const Plan& plan, const WorkItem& first, const WorkItem& item) {
    if (plan.order.is_permuted() && plan.problem.causal) return false; // keys are masked by token
    if (first.head != item.head || key_shift_of(plan, first) != key_shift_of(plan, item)) return false;
    const std::array<std::span<const KeyRun>, 2> tiles = {runs_of(plan, first), runs_of(plan, item)};
    return 2 * key_count(share_keys(tiles).common) >= key_count(tiles[1]);
}

} // namespace dilascope
