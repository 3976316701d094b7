#include "engine/backends/cpu/key_shares.h"
#include "engine/backends/cpu/tile_group.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include <map>
#include <vector>

using namespace dilascope;

namespace {

// How often each (key, its run's band) stands in runs.
std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, int> keys_of(std::span<const KeyRun> runs) {
    std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, int> keys;
    for (const KeyRun& run : runs)
        for (std::int64_t index = 0; index < run.count; ++index) ++keys[{run.key(index), run.band.lo, run.band.hi}];
    return keys;
}

} // namespace

TEST_CASE("what tiles share and what they have beside it are their runs", "[engine]") {
    struct Shape {
        const char* pattern;
        std::int64_t seq_len, kv_len;
        bool causal;
        std::size_t fewest_shared; // groups of several tiles with keys of their own beside the common ones
    };
    const Shape shapes[] = {{"dense", 1500, 1500, true, 2},
                            {"dense", 900, 2000, true, 1},
                            {"dense", 900, 900, false, 0},
                            {"longnet segments=1024,2048 rates=1,3", 2048, 2048, true, 2},
                            {"window left=300 right=20", 1200, 1200, false, 0},
                            {"random block=64 density=0.4 seed=3", 1000, 1000, true, 0},
                            {"longnet segments=512 rates=1 order=hilbert use=sequence", 600, 600, true, 0}};
    for (const Shape& shape : shapes) {
        INFO(shape.pattern);
        Problem problem = self_attention(shape.seq_len, 2, 8, shape.causal);
        problem.kv_len = shape.kv_len;
        const Plan plan = make_plan(parse_pattern(shape.pattern).value(), problem).value();
        const std::vector<WorkItem> items = work_items(plan, 0);
        std::size_t shared = 0, taken = 0;
        for (const TileGroup& group : group_items(plan, items, 4, share_most_keys)) {
            std::vector<std::span<const KeyRun>> tiles;
            for (std::int64_t index = group.begin; index < group.begin + group.tile_count; ++index)
                tiles.push_back(runs_of(plan, items[std::size_t(index)]));
            taken += tiles.size();
            const KeyShares shares = share_keys(tiles);
            REQUIRE(shares.own.size() == tiles.size());
            for (const KeyRun& run : shares.common) CHECK(run.band.is_full());
            bool has_own = false;
            for (std::size_t tile = 0; tile < tiles.size(); ++tile) {
                std::vector<KeyRun> all = shares.common;
                all.insert(all.end(), shares.own[tile].begin(), shares.own[tile].end());
                CHECK(keys_of(all) == keys_of(tiles[tile]));
                has_own |= !shares.own[tile].empty();
            }
            shared += tiles.size() > 1 && has_own && !shares.common.empty();
        }
        CHECK(taken == items.size());
        CHECK(shared >= shape.fewest_shared);
    }
}
