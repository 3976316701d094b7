#include "tests/catch.h"
#include "tests/views/some_workspace.h"
#include "views/curve_path.h"
#include "views/order_metrics.h"
#include "views/order_pictures.h"
#include <cmath>

using namespace dilascope;

TEST_CASE("a short curve stops at every token, in the order's order", "[views]") {
    for (int curve = 0; curve < curve_count; ++curve) {
        const Order order{Curve(curve), {7, 0}};
        const std::int64_t count = 45;
        const CurvePath path = curve_path(order, count);
        REQUIRE(path.stops.size() == 45);
        for (std::int64_t rank = 0; rank < count; ++rank) {
            const Cell cell = cell_set(order, count).cell_of(token_at(order, count, rank));
            const CurvePath::Stop& stop = path.stops[std::size_t(rank)];
            CHECK(stop.rank == rank);
            CHECK(stop.x == double(cell.x) + 0.5);
            CHECK(stop.y == double(cell.y) + 0.5);
        }
    }
}

TEST_CASE("a long curve is drawn one level up: squares in the order their tokens come", "[views]") {
    const Order hilbert{Curve::hilbert};
    const std::int64_t count = std::int64_t{1} << 20;
    const CurvePath path = curve_path(hilbert, count);
    REQUIRE(path.stops.size() == 4096);
    CHECK(path.square_side == 16);
    for (std::size_t index = 1; index < path.stops.size(); ++index) { // still a Hilbert curve: unit steps of squares
        const CurvePath::Stop &a = path.stops[index - 1], &b = path.stops[index];
        REQUIRE(std::abs(a.x - b.x) + std::abs(a.y - b.y) == 16);
        REQUIRE(b.rank / 256 == a.rank / 256 + 1);
    }
    for (int curve = 0; curve < curve_count; ++curve)
        for (const std::int64_t tokens : {5000, 123457, 1 << 20}) {
            const CurvePath other = curve_path({Curve(curve), {300, 0}}, tokens);
            INFO("curve " << curve << " tokens " << tokens);
            CHECK(other.stops.size() >= 20);
            CHECK(other.stops.size() <= 4096);
            for (std::size_t index = 1; index < other.stops.size(); ++index)
                REQUIRE(other.stops[index].rank > other.stops[index - 1].rank);
        }
}

TEST_CASE("the window on the grid is counted pair by pair", "[views]") {
    const auto [curve, width, count, reach] = GENERATE(table<Curve, std::int64_t, std::int64_t, std::int64_t>(
        {{Curve::row, 8, 64, 1}, {Curve::hilbert, 8, 64, 2}, {Curve::morton, 11, 97, 3}, {Curve::snake, 5, 33, 4}}));
    const Order order{curve, {width, 0}};
    const CellSet cells = cell_set(order, count);
    const std::int64_t pixels = 10;
    const std::vector<float> density = grid_window_density(order, count, reach, pixels, no_cancel);
    const std::vector<std::int64_t> edges = pixel_edges({0, count}, pixels);
    for (std::int64_t row = 0; row < pixels; ++row)
        for (std::int64_t column = 0; column < pixels; ++column) {
            std::int64_t pairs = 0, area = 0;
            for (std::int64_t q = edges[std::size_t(row)]; q < edges[std::size_t(row) + 1]; ++q)
                for (std::int64_t k = edges[std::size_t(column)]; k < edges[std::size_t(column) + 1]; ++k) {
                    const Cell a = cells.cell_of(token_at(order, count, q)),
                               b = cells.cell_of(token_at(order, count, k));
                    pairs += std::max(std::abs(a.x - b.x), std::abs(a.y - b.y)) <= reach;
                    ++area;
                }
            INFO("pixel " << row << ", " << column);
            REQUIRE(density[std::size_t(row * pixels + column)] == Approx(double(pairs) / double(area)));
        }
}

TEST_CASE("before and after: the pattern along the curve, or the window on the grid", "[views]") {
    OrderPicturesRequest request;
    request.pattern = {Window{3, 2}, Order{Curve::morton}}; // its own order says nothing about these pictures
    request.problem = self_attention(64, 1, 8, false);
    request.order = {Curve::hilbert, {8, 8}, OrderUse::sequence};
    request.pixels = 64;
    OrderPictures pictures = make_order_pictures(request, no_cancel);
    const Pattern plain{Window{3, 2}}, ordered{Window{3, 2}, request.order};
    for (std::int64_t q = 0; q < 64; ++q)
        for (std::int64_t k = 0; k < 64; ++k) {
            const auto pixel = std::size_t(q * 64 + k);
            REQUIRE(pictures.before.picture.density[pixel] == float(branches(plain, request.problem, 0, q, k) != 0));
            REQUIRE(pictures.after.picture.density[pixel] == float(branches(ordered, request.problem, 0, q, k) != 0));
        }
    request.order.use = OrderUse::layout;
    pictures = make_order_pictures(request, no_cancel);
    const std::vector<float> window = grid_window_density(request.order, 64, request.reach, 64, no_cancel);
    CHECK(pictures.after.picture.density == window);
    CHECK_FALSE(pictures.before.picture.density == window);
}

TEST_CASE("metrics are those of the engine, and the best of each column is marked", "[views]") {
    const OrderMetricsRequest request{{64, 48}, 64 * 48, 4, 64};
    const OrderMetrics metrics = count_order_metrics(request, no_cancel);
    REQUIRE(metrics.is_complete);
    for (int curve = 0; curve < curve_count; ++curve) {
        const auto tiles = active_tiles({Curve(curve), {64, 48}}, 64 * 48, {4, 4}, 64, 64);
        CHECK(metrics.curves[std::size_t(curve)].active_tiles == tiles->active_count());
    }
    const CurveMetrics &row = metrics.curves[0], &hilbert = metrics.curves[3];
    CHECK(hilbert.step_mean < 1.05); // not 1: the part of the square below the grid is left out
    CHECK(row.bandwidth_max == 64);
    // A wide window is where Hilbert saves tiles; at a narrow one rows are better, and the table says so.
    CHECK(hilbert.active_tiles < row.active_tiles);
    OrderMetricsRequest narrow = request;
    narrow.reach = 2;
    const OrderMetrics few = count_order_metrics(narrow, no_cancel);
    CHECK(few.curves[3].active_tiles > few.curves[0].active_tiles);
    for (const MetricColumn& column : metric_columns()) {
        const unsigned best = best_curves(metrics, column);
        INFO(column.title);
        for (int a = 0; a < curve_count; ++a)
            for (int b = 0; b < curve_count; ++b) {
                if (!(best >> a & 1) || best >> b & 1) continue;
                const double better = column.value(metrics.curves[std::size_t(a)]),
                             worse = column.value(metrics.curves[std::size_t(b)]);
                CHECK((column.more_is_better ? better > worse : better < worse));
            }
    }
    const OrderMetrics square = count_order_metrics({{64, 64}, 64 * 64, 4, 64}, no_cancel);
    CHECK(square.curves[3].stretch_max < 6);
    CHECK(square.curves[3].step_mean == 1);
    CHECK(best_curves(square, metric_columns()[0]) == 1u << 3); // Hilbert alone has the smallest mean stretch
    OrderMetrics equal;
    CHECK(best_curves(equal, metric_columns()[0]) == 0);
    const std::atomic<bool> cancelled = true;
    CHECK_FALSE(count_order_metrics(request, cancelled).is_complete);
}
