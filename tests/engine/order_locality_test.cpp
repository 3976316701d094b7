#include "engine/order/locality.h"
#include "engine/order/reuse.h"
#include "tests/catch.h"
#include "tests/engine/curves.h"
#include "tests/engine/random_pattern.h"
#include <algorithm>
#include <cmath>
#include <list>
#include <set>

using namespace dilascope;

namespace {

struct Sample {
    Order order;
    std::int64_t count = 0;
};
Sample random_sample(std::mt19937_64& random) {
    const std::int64_t width = pick(random, 1, 20), height = pick(random, 1, 20);
    return {{Curve(pick(random, 0, 3)), {width, height}}, pick(random, 1, width * height)};
}
Cell cell_at(const Sample& sample, std::int64_t rank) {
    return cell_set(sample.order, sample.count).cell_of(token_at(sample.order, sample.count, rank));
}

// Tiles and pairs straight from the predicate over all pairs of ranks.
std::pair<std::vector<std::int32_t>, std::int64_t>
tiles_by_definition(const Sample& sample, GridWindow window, std::int64_t tile_queries, std::int64_t tile_keys) {
    std::set<std::pair<std::int64_t, std::int64_t>> tiles;
    std::int64_t pairs = 0;
    for (std::int64_t query = 0; query < sample.count; ++query)
        for (std::int64_t key = 0; key < sample.count; ++key) {
            const Cell a = cell_at(sample, query), b = cell_at(sample, key);
            if (std::abs(a.x - b.x) > window.x_reach || std::abs(a.y - b.y) > window.y_reach) continue;
            ++pairs;
            tiles.emplace(query / tile_queries, key / tile_keys);
        }
    std::vector<std::int32_t> key_tiles;
    for (const auto& tile : tiles) key_tiles.push_back(std::int32_t(tile.second));
    return {key_tiles, pairs};
}

// Loads of a cache that is a list, most recent first.
std::int64_t misses_by_list(const std::vector<std::int32_t>& touches, std::size_t capacity) {
    std::list<std::int32_t> cache;
    std::int64_t misses = 0;
    for (std::int32_t tile : touches) {
        const auto found = std::find(cache.begin(), cache.end(), tile);
        if (found == cache.end())
            ++misses;
        else
            cache.erase(found);
        cache.push_front(tile);
        if (cache.size() > capacity) cache.pop_back();
    }
    return misses;
}

} // namespace

TEST_CASE("stretch of an order, against all pairs", "[engine]") {
    std::mt19937_64 random(1);
    for (int trial = 0; trial < 60; ++trial) {
        const Sample sample = random_sample(random);
        const std::int64_t window = pick(random, 1, 40);
        double sum = 0, largest = 0, step_sum = 0, longest_step = 0;
        std::int64_t pairs = 0;
        for (std::int64_t a = 0; a < sample.count; ++a)
            for (std::int64_t b = a + 1; b < sample.count && b <= a + window; ++b, ++pairs) {
                const Cell from = cell_at(sample, a), to = cell_at(sample, b);
                const double distance = std::hypot(double(from.x - to.x), double(from.y - to.y));
                sum += distance * distance / double(b - a);
                largest = std::max(largest, distance * distance / double(b - a));
                if (b == a + 1) step_sum += distance, longest_step = std::max(longest_step, distance);
            }
        const auto found = stretch(sample.order, sample.count, window).value();
        CHECK(found.pair_count == pairs);
        CHECK(found.mean == Approx(pairs ? sum / double(pairs) : 0));
        CHECK(found.max == Approx(largest));
        CHECK(found.step_mean == Approx(pairs ? step_sum / double(sample.count - 1) : 0));
        CHECK(found.step_max == Approx(longest_step));
    }
}

TEST_CASE("Hilbert's stretch stays below six, row order's does not", "[engine]") {
    const auto hilbert = stretch({Curve::hilbert}, 4096, 4095).value();
    CHECK(hilbert.max < 6);
    CHECK(hilbert.max > 5);
    CHECK(hilbert.step_max == 1);
    CHECK(stretch({Curve::row}, 4096, 4095).value().max > 60);
    CHECK(stretch({Curve::hilbert}, 10000, 16).value().pair_count == 10000 * 16 - 16 * 17 / 2); // more than one chunk
}

TEST_CASE("bandwidth of the permuted grid, against all pairs", "[engine]") {
    std::mt19937_64 random(2);
    for (int trial = 0; trial < 40; ++trial) {
        const Sample sample = random_sample(random);
        std::int64_t largest = 0, sum = 0, pairs = 0;
        for (std::int64_t a = 0; a < sample.count; ++a)
            for (std::int64_t b = a + 1; b < sample.count; ++b) {
                const Cell from = cell_at(sample, a), to = cell_at(sample, b);
                if (std::abs(from.x - to.x) + std::abs(from.y - to.y) != 1) continue;
                largest = std::max(largest, b - a), sum += b - a, ++pairs;
            }
        const auto found = rank_bandwidth(sample.order, sample.count).value();
        CHECK(found.max == largest);
        CHECK(found.sum == sum);
        CHECK(found.pair_count == pairs);
    }
    CHECK(rank_bandwidth({Curve::row}, 4096).value().max == 64);
    CHECK(rank_bandwidth({Curve::row}, 4096).value().mean() == Approx(32.5));
    CHECK(rank_bandwidth({Curve::snake}, 4096).value().max == 127);
}

TEST_CASE("active tiles of a window on the grid, against all pairs", "[engine]") {
    std::mt19937_64 random(3);
    for (int trial = 0; trial < 40; ++trial) {
        const Sample sample = random_sample(random);
        const GridWindow window{pick(random, 0, 4), pick(random, 0, 4)};
        const std::int64_t tile_queries = pick(random, 1, 24), tile_keys = pick(random, 1, 24);
        const auto [key_tiles, pairs] = tiles_by_definition(sample, window, tile_queries, tile_keys);
        const auto found = active_tiles(sample.order, sample.count, window, tile_queries, tile_keys).value();
        CHECK(found.key_tiles == key_tiles);
        CHECK(found.pair_count == pairs);
        CHECK(found.active_count() <= found.tile_count);
        CHECK(found.efficiency() <= 1);
    }
}

TEST_CASE("a 64x48 grid: curves by squares need fewer tiles once the window is as high as a square", "[engine]") {
    const std::int64_t count = 64 * 48;
    const auto tiles = [&](Curve curve, std::int64_t reach) {
        return active_tiles({curve, {64, 48}}, count, {reach, reach}, 64, 64).value().active_count();
    };
    // A tile of row order is a row of the grid: it meets 2·reach + 1 rows. One of Hilbert's is a square of 8×8 cells
    // among 8×6: up to a reach of 8 it meets the 3×3 around it.
    for (std::int64_t reach : {2, 8}) {
        CHECK(tiles(Curve::row, reach) == 48 * (2 * reach + 1) - reach * (reach + 1));
        CHECK(tiles(Curve::snake, reach) == tiles(Curve::row, reach));
        CHECK(tiles(Curve::hilbert, reach) == (3 * 8 - 2) * (3 * 6 - 2));
        CHECK(tiles(Curve::morton, reach) == tiles(Curve::hilbert, reach));
    }
    CHECK(tiles(Curve::hilbert, 8) < tiles(Curve::row, 8));
    CHECK(tiles(Curve::hilbert, 2) > tiles(Curve::row, 2)); // small windows are row order's
}

TEST_CASE("reuse distances of a schedule, against a cache that is a list", "[engine]") {
    const auto hand = reuse_distances(std::vector<std::int32_t>{4, 4, 1, 2, 1, 4, 7}).value();
    CHECK(hand.histogram == std::vector<std::int64_t>{1, 1, 1}); // 4 again: 0; 1 over 2: 1; 4 over 1, 2: 2
    CHECK(hand.tile_count == 4);
    CHECK(hand.mean() == 1);
    CHECK(hand.median() == 1);
    CHECK(hand.max() == 2);

    std::mt19937_64 random(4);
    for (int trial = 0; trial < 60; ++trial) {
        std::vector<std::int32_t> touches(std::size_t(pick(random, 0, 400)));
        const std::int64_t tiles = pick(random, 1, 40);
        for (std::int32_t& tile : touches) tile = std::int32_t(pick(random, 0, tiles - 1));
        std::vector<std::int64_t> distances;
        for (std::size_t now = 0; now < touches.size(); ++now)
            for (std::size_t before = now; before-- > 0;)
                if (touches[before] == touches[now]) {
                    const std::set<std::int32_t> between(touches.begin() + std::ptrdiff_t(before) + 1,
                                                         touches.begin() + std::ptrdiff_t(now));
                    distances.push_back(std::int64_t(between.size()));
                    break;
                }
        std::ranges::sort(distances);
        const auto found = reuse_distances(touches).value();
        std::vector<std::int64_t> unfolded;
        for (std::size_t distance = 0; distance < found.histogram.size(); ++distance)
            unfolded.insert(unfolded.end(), std::size_t(found.histogram[distance]), std::int64_t(distance));
        CHECK(unfolded == distances);
        if (!distances.empty()) CHECK(found.median() == distances[(distances.size() - 1) / 2]);
        for (std::size_t capacity : {0, 1, 2, 5, 20, 50})
            CHECK(found.lru_miss_count(std::int64_t(capacity)) == misses_by_list(touches, capacity));
    }
}

TEST_CASE("locality stops when it is told to", "[engine]") {
    const std::atomic<bool> cancel = true;
    const Order order{Curve::hilbert};
    CHECK_FALSE(stretch(order, 4096, 8, &cancel));
    CHECK_FALSE(rank_bandwidth(order, 4096, &cancel));
    CHECK_FALSE(active_tiles(order, 4096, {}, 64, 64, &cancel));
    CHECK_FALSE(reuse_distances(std::vector<std::int32_t>{1, 2}, &cancel));
}
