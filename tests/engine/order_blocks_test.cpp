#include "engine/order/block_order.h"
#include "tests/catch.h"
#include "tests/engine/curves.h"
#include "tests/engine/random_pattern.h"
#include <algorithm>
#include <cstdlib>

using namespace dilascope;

namespace {

template <class Keep> std::vector<BlockPair> blocks_where(std::int64_t rows, std::int64_t columns, Keep keep) {
    std::vector<BlockPair> blocks;
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t column = 0; column < columns; ++column)
            if (keep(row, column)) blocks.push_back({row, column});
    return blocks;
}
void shuffle(std::vector<BlockPair>& blocks, std::mt19937_64& random) {
    for (std::size_t at = blocks.size(); at > 1; --at) std::swap(blocks[at - 1], blocks[random() % at]);
}

} // namespace

TEST_CASE("reordering blocks is a permutation that forgets the order they came in", "[engine]") {
    std::mt19937_64 random(3);
    for (int trial = 0; trial < 60; ++trial) {
        const std::int64_t rows = pick(random, 1, 40), columns = pick(random, 1, 40);
        const auto blocks = blocks_where(rows, columns, [&](auto, auto) { return random() % 3 == 0; });
        for (Curve curve : curves) {
            const auto ordered = reordered(blocks, curve, rows, columns);
            auto sorted = ordered, shuffled = blocks;
            std::ranges::sort(sorted);
            CHECK(sorted == blocks);
            shuffle(shuffled, random);
            CHECK(reordered(shuffled, curve, rows, columns) == ordered);
        }
    }
}

TEST_CASE("blocks follow their curve over the block matrix", "[engine]") {
    const auto all = blocks_where(16, 16, [](auto, auto) { return true; });
    CHECK(reordered(all, Curve::row, 16, 16) == all);
    CHECK(mean_block_step(reordered(all, Curve::hilbert, 16, 16)) == 1);
    CHECK(mean_block_step(reordered(all, Curve::snake, 16, 16)) == 1);
    CHECK(mean_block_step(all) == Approx((240 * 1 + 15 * 16) / 255.0));

    const auto few = blocks_where(2, 2, [](auto, auto) { return true; });
    CHECK(reordered(few, Curve::morton, 2, 2) == std::vector<BlockPair>{{0, 0}, {0, 1}, {1, 0}, {1, 1}});
    CHECK(reordered(few, Curve::hilbert, 2, 2) == std::vector<BlockPair>{{0, 0}, {1, 0}, {1, 1}, {0, 1}});
    CHECK(reordered(few, Curve::snake, 2, 2) == std::vector<BlockPair>{{0, 0}, {0, 1}, {1, 1}, {1, 0}});
}

TEST_CASE("the post-pattern order of the seed is plain row order for what it was benchmarked with", "[engine]") {
    std::mt19937_64 random(5);
    for (std::int64_t blocks : {5, 8, 16, 31, 32, 64, 128}) {
        const auto window =
            blocks_where(blocks, blocks, [](auto row, auto column) { return std::abs(row - column) < 2; });
        const auto global = blocks_where(blocks, blocks, [](auto row, auto column) {
            return row == 0 || column == 0 || std::abs(row - column) < 2;
        });
        const auto dilated = blocks_where(blocks, blocks, [](auto row, auto column) {
            const auto distance = std::abs(row - column);
            return distance == 0 || distance == 1 || distance == 2 || distance == 4;
        });
        for (auto pattern : {window, global, dilated}) {
            INFO(blocks << " blocks");
            const auto in_row_order = pattern;
            CHECK(legacy_post_pattern_class(pattern, blocks) == LegacyBlockClass::mixed);
            shuffle(pattern, random);
            CHECK(legacy_post_pattern_order(pattern, blocks) == in_row_order);
        }
    }
}

TEST_CASE("the classes and collisions of the seed's post-pattern order", "[engine]") {
    const auto diagonal =
        blocks_where(8, 8, [](auto row, auto column) { return row == column || (row == 7 && column == 0); });
    CHECK(legacy_post_pattern_class(diagonal, 8) == LegacyBlockClass::diagonal);
    auto backwards = diagonal;
    std::ranges::reverse(backwards);
    const auto by_sum = legacy_post_pattern_order(backwards, 8);
    CHECK(std::ranges::is_sorted(by_sum, {}, [](const BlockPair& block) { return block.row + block.column; }));

    // 16 blocks a side: cell I·4 + J of a 4×4 square. (0,15) and (1,11) are both cell 15, rank 10; (8,0) is cell 32,
    // beyond the square, and keeps 32; (0,12) is cell 12, rank 5; (0,9) is cell 9, rank 7.
    const std::vector<BlockPair> far = {{8, 0}, {1, 11}, {0, 15}, {0, 9}, {0, 12}};
    CHECK(legacy_post_pattern_class(far, 16) == LegacyBlockClass::scattered);
    CHECK(legacy_post_pattern_order(far, 16) == std::vector<BlockPair>{{0, 12}, {0, 9}, {1, 11}, {0, 15}, {8, 0}});
    CHECK(legacy_post_pattern_class({}, 16) == LegacyBlockClass::mixed);
}
