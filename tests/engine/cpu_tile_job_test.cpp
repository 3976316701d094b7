#include "engine/backends/cpu/tile_group.h"
#include "engine/backends/cpu/tile_job.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include <vector>

using namespace dilascope;

namespace {

HeadTile tile_of(const Plan& plan, const WorkItem& item) {
    HeadTile tile;
    tile.rows.count = tile_rows(plan, item, tile.rows.positions.data());
    tile.head.dtype = plan.problem.dtype, tile.head.head_dim = tile.head.key_step = plan.problem.head_dim;
    return tile;
}

using TileBlocks = std::vector<std::vector<std::int64_t>>; // the places of each

// The blocks of each tile of a job, and in `shared` how many several tiles met together.
std::vector<TileBlocks> blocks_of(const Plan& plan, std::span<const WorkItem> items, int& shared) {
    std::vector<HeadTile> tiles;
    std::vector<TileRuns> runs;
    for (const WorkItem& item : items) {
        const std::span<const KeyRun> of_tile = runs_of(plan, item);
        runs.push_back({{of_tile.begin(), of_tile.end()}, tiles.size(), tiles.size() + 1});
        tiles.push_back(tile_of(plan, item));
    }
    std::vector<TileBlocks> blocks(tiles.size());
    TileJob job(std::move(tiles), std::move(runs), key_shift_of(plan, items.front()), {});
    bool is_left = true;
    for (BlockOfTiles block = job.first_block(); is_left; is_left = job.next_block(block)) {
        shared += block.end - block.begin > 1;
        for (std::size_t tile = block.begin; tile < block.end; ++tile)
            blocks[tile].emplace_back(block.block.places.begin(), block.block.places.begin() + block.block.count);
    }
    return blocks;
}

} // namespace

TEST_CASE("the blocks that a tile meets do not depend on the tiles beside it", "[engine]") {
    struct Shape {
        const char* pattern;
        std::int64_t seq_len, kv_len;
        bool causal;
        Dtype dtype;
        int fewest_shared; // blocks
    };
    const Shape shapes[] = {{"dense", 1500, 1500, true, Dtype::f32, 8},
                            {"dense", 1500, 1500, true, Dtype::bf16, 8},
                            {"dense", 300, 2000, true, Dtype::f32, 8},
                            {"dense", 900, 900, false, Dtype::f32, 4},
                            {"longnet segments=1024,2048 rates=1,3", 2048, 2048, false, Dtype::f32, 8},
                            {"longnet segments=1024,2048 rates=1,3", 2048, 2048, true, Dtype::f32, 0},
                            {"window left=900 right=20", 1200, 1200, true, Dtype::f32, 0}};
    for (const Shape& shape : shapes) {
        INFO(shape.pattern << (shape.causal ? " causal" : ""));
        Problem problem = self_attention(shape.seq_len, 2, 8, shape.causal);
        problem.kv_len = shape.kv_len, problem.dtype = shape.dtype;
        const Plan plan = make_plan(parse_pattern(shape.pattern).value(), problem).value();
        const std::vector<WorkItem> items = work_items(plan, 0);
        int shared = 0, of_one = 0;
        for (const TileGroup& group : group_items(plan, items, 4, share_first_keys)) {
            const auto tiles = std::span(items).subspan(std::size_t(group.begin), std::size_t(group.tile_count));
            const std::vector<TileBlocks> together = blocks_of(plan, tiles, shared);
            for (std::size_t tile = 0; tile < tiles.size(); ++tile)
                CHECK(together[tile] == blocks_of(plan, tiles.subspan(tile, 1), of_one).front());
        }
        CHECK(of_one == 0);
        CHECK(shared >= shape.fewest_shared);
    }
}

TEST_CASE("tiles share a job if the keys they begin with are half of each one's", "[engine]") {
    const auto sizes = [](const char* pattern, const Problem& problem) {
        const Plan plan = make_plan(parse_pattern(pattern).value(), problem).value();
        std::vector<std::int64_t> tiles;
        for (const TileGroup& group : group_items(plan, work_items(plan, 0), 4, share_first_keys))
            tiles.push_back(group.tile_count);
        return tiles;
    };
    using Sizes = std::vector<std::int64_t>;
    // Causal tiles of 128 rows see 0, 128, 256 … keys in full: the third and the fourth share 256 of 512.
    CHECK(sizes("dense", self_attention(1024, 1, 8, true)) == Sizes{1, 1, 2, 4});
    CHECK(sizes("dense", self_attention(1024, 1, 8, false)) == Sizes{4, 4});
    CHECK(sizes("dense", self_attention(256, 2, 8, false)) == Sizes{2, 2});
    CHECK(sizes("window left=100 right=0", self_attention(512, 1, 8, true)) == Sizes{1, 1, 1, 1});
}
