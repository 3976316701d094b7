#include "tests/catch.h"
#include "views/cell_facts.h"
#include "views/heatmap_image.h"
#include "views/heatmap_view.h"
#include "views/pattern_image.h"
#include "views/theme.h"

using namespace dilascope;

TEST_CASE("ranges map weights to fractions and back", "[views]") {
    for (const bool is_log : {false, true}) {
        const WeightRange range{0.001, 0.5, is_log};
        CHECK(range_fraction(range, 0.001) == Approx(0).margin(1e-12));
        CHECK(range_fraction(range, 0.5) == Approx(1));
        for (double fraction : {0.1, 0.5, 0.9})
            CHECK(range_fraction(range, range_weight(range, fraction)) == Approx(fraction));
    }
    CHECK(range_fraction({0.001, 0.5, true}, 0) < 0);
}

TEST_CASE("a fitted range covers the weights, whatever they are", "[views]") {
    for (const std::vector<float>& weights :
         {std::vector<float>{}, {0, 0}, {0.25f, 0.25f}, {0, 1e-30f, 1}, {0.1f, 0.2f, 0.7f}})
        for (const bool is_log : {false, true}) {
            const WeightStatistics statistics = weight_statistics(weights);
            const WeightRange range = fitted_range(statistics, is_log), full = full_range(statistics, is_log);
            CHECK(range.low < range.high);
            CHECK(full.low < full.high);
            CHECK(full.low <= range.low);
            if (is_log) CHECK(full.low > 0);
            if (statistics.positive_count > 0) CHECK(range.high == Approx(statistics.most));
            int counted = 0;
            for (const int count : weight_histogram(weights, full, 16)) counted += count;
            CHECK(counted == int(statistics.positive_count));
        }
}

TEST_CASE("unattended pixels are clear, the others take viridis", "[views]") {
    const std::vector<std::uint32_t> rgba = paint_weights({0, 0.1f, 1, 5}, {0.1, 1, true});
    CHECK(rgba[0] == 0);
    CHECK(rgba[1] == packed(map_colour(ColourMap::viridis, 0)));
    CHECK(rgba[2] == packed(map_colour(ColourMap::viridis, 1)));
    CHECK(rgba[3] == rgba[2]);
}

TEST_CASE("a heatmap's value at a cell is its pixel's, and says what that is", "[views]") {
    Heatmap heatmap;
    heatmap.request = {0, {{10, 17}, {100, 105}}, 3, 5};
    heatmap.queries_per_pixel = 2;
    for (int pixel = 0; pixel < 15; ++pixel) heatmap.weights.push_back(float(pixel));
    const std::vector<std::int64_t> rows = pixel_edges({10, 17}, 3);
    for (std::int64_t q = 10; q < 17; ++q)
        for (std::int64_t k = 100; k < 105; ++k) {
            const auto value = heatmap_value(heatmap, q, k);
            REQUIRE(value);
            std::size_t row = 0;
            while (rows[row + 1] <= q) ++row;
            CHECK(value->weight == double(row * 5 + std::size_t(k - 100)));
            CHECK(value->keys == Range{k, k + 1});
            CHECK(value->queries == Range{rows[row], rows[row + 1]});
            CHECK(value->shown == std::min<std::int64_t>(2, rows[row + 1] - rows[row]));
        }
    CHECK_FALSE(heatmap_value(heatmap, 9, 100));
    CHECK_FALSE(heatmap_value(heatmap, 10, 105));
    heatmap.weights.pop_back();
    CHECK_FALSE(heatmap_value(heatmap, 10, 100)); // damaged
}

TEST_CASE("the requested region covers what is visible and rests under small pans", "[views]") {
    const Rect viewport{0, 0, 400, 300};
    MatrixCamera camera;
    const MatrixFrame whole = frame_of(camera, 1 << 16, 1 << 16, viewport);
    const HeatmapRequest all = heatmap_request(2, whole, 1);
    CHECK(all.head == 2);
    CHECK(all.region == Region{{0, 1 << 16}, {0, 1 << 16}});
    CHECK(all.rows == 300);
    go_to(camera, whole, 20000, 30000, 1000);
    const MatrixFrame frame = frame_of(camera, 1 << 16, 1 << 16, viewport);
    const HeatmapRequest before = heatmap_request(0, frame, 1);
    const Region visible = frame.visible();
    CHECK(before.region.q.begin <= visible.q.begin);
    CHECK(before.region.q.end >= visible.q.end);
    CHECK(before.region.k.size() < 2 * visible.k.size());
    int distinct = 0;
    HeatmapRequest last = before;
    for (int step = 0; step < 40; ++step) {
        pan_by(camera, frame_of(camera, 1 << 16, 1 << 16, viewport), {1, 1});
        const HeatmapRequest next = heatmap_request(0, frame_of(camera, 1 << 16, 1 << 16, viewport), 1);
        distinct += !(next == last);
        last = next;
    }
    CHECK(distinct <= 6);
}
