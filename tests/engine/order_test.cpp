#include "engine/order/order.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/curves.h"
#include "tests/engine/random_pattern.h"
#include <cstdlib>
#include <numeric>

using namespace dilascope;

namespace {

std::string name_of(const Order& order, std::int64_t count) {
    return std::string(enum_name(order.curve)) + " " + to_text(order.grid) + " of " + std::to_string(count);
}

bool is_permutation_of_all(const std::vector<std::int32_t>& values) {
    std::vector<bool> seen(values.size(), false);
    for (std::int32_t value : values) {
        if (value < 0 || std::size_t(value) >= values.size() || seen[std::size_t(value)]) return false;
        seen[std::size_t(value)] = true;
    }
    return true;
}

// The definition, slow: walk the whole square with the textbook maps, leave out what holds no token.
Cell hilbert_cell(std::int64_t side, std::int64_t d) {
    std::int64_t x = 0, y = 0;
    for (std::int64_t s = 1; s < side; s *= 2, d /= 4) {
        const std::int64_t rx = 1 & (d / 2), ry = 1 & (d ^ rx);
        if (ry == 0) {
            if (rx == 1) x = s - 1 - x, y = s - 1 - y;
            std::swap(x, y);
        }
        x += s * rx, y += s * ry;
    }
    return {x, y};
}
Cell cell_of_definition(Curve curve, std::int64_t side, std::int64_t d) {
    Cell cell{d % side, d / side};
    if (curve == Curve::snake && cell.y % 2 == 1) cell.x = side - 1 - cell.x;
    if (curve == Curve::morton) {
        cell = {0, 0};
        for (int bit = 0; bit < 31; ++bit)
            cell.x |= (d >> (2 * bit) & 1) << bit, cell.y |= (d >> (2 * bit + 1) & 1) << bit;
    }
    return curve == Curve::hilbert ? hilbert_cell(side, d) : cell;
}
std::vector<std::int32_t> tokens_of_definition(Curve curve, const CellSet& cells) {
    std::int64_t side = 1;
    while (side < std::max(cells.width, cells.height)) side *= 2;
    std::vector<std::int32_t> tokens;
    if (curve == Curve::snake) { // the square's mirror is not the grid's: rows as wide as the grid
        for (std::int64_t y = 0; y * cells.width < cells.count; ++y)
            for (std::int64_t step = 0; step < cells.width; ++step) {
                const std::int64_t x = y % 2 == 0 ? step : cells.width - 1 - step;
                if (y * cells.width + x < cells.count) tokens.push_back(std::int32_t(y * cells.width + x));
            }
        return tokens;
    }
    for (std::int64_t d = 0; d < side * side; ++d) {
        const Cell cell = cell_of_definition(curve, side, d);
        if (cell.x < cells.width && cells.token_of(cell) < cells.count)
            tokens.push_back(std::int32_t(cells.token_of(cell)));
    }
    return tokens;
}

bool is_neighbour_step(Cell a, Cell b) { return std::abs(a.x - b.x) + std::abs(a.y - b.y) == 1; }

} // namespace

TEST_CASE("an order is a permutation at every length", "[engine]") {
    for (Curve curve : curves)
        for (std::int64_t count = 1; count <= 4096; ++count) {
            const Order order{curve};
            const auto tokens = tokens_by_rank(order, count);
            const auto ranks = ranks_by_token(order, count);
            bool is_inverse = tokens.size() == std::size_t(count) && ranks.size() == std::size_t(count);
            for (std::size_t rank = 0; is_inverse && rank < tokens.size(); ++rank)
                is_inverse = ranks[std::size_t(tokens[rank])] == std::int32_t(rank);
            if (is_permutation_of_all(tokens) && is_inverse && validate(order, count)) continue;
            FAIL(name_of(order, count));
        }
}

TEST_CASE("the tables are the curve's definition with the cells outside left out", "[engine]") {
    for (Curve curve : curves)
        for (std::int64_t count : {1, 2, 3, 5, 7, 12, 64, 65, 100, 127, 500, 512, 1000, 2048}) {
            const Order order{curve};
            INFO(name_of(order, count));
            CHECK(tokens_by_rank(order, count) == tokens_of_definition(curve, cell_set(order, count)));
        }
}

TEST_CASE("an order is a permutation of every grid, and the exact maps agree with its tables", "[engine]") {
    std::mt19937_64 random(7);
    for (int trial = 0; trial < 200; ++trial) {
        const std::int64_t width = pick(random, 1, trial % 4 == 0 ? 400 : 70), height = pick(random, 1, 70);
        const std::int64_t all = width * height, count = pick(random, 0, 2) == 0 ? all : pick(random, 1, all);
        for (Curve curve : curves) {
            const Order order{curve, {width, height}};
            INFO(name_of(order, count));
            REQUIRE(validate(order, count));
            const auto tokens = tokens_by_rank(order, count);
            CHECK(is_permutation_of_all(tokens));
            if (trial % 10 == 0) CHECK(tokens == tokens_of_definition(curve, cell_set(order, count)));
            std::int64_t wrong = 0;
            for (std::int64_t rank = trial % 7; rank < count; rank += 7) {
                const std::int64_t token = tokens[std::size_t(rank)];
                wrong += token_at(order, count, rank) != token;
                wrong += rank_of(order, count, token) != rank;
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("Hilbert's curve begins as published and goes from neighbour to neighbour", "[engine]") {
    const std::vector<std::int32_t> side_4 = {0, 1, 5, 4, 8, 12, 13, 9, 10, 14, 15, 11, 7, 6, 2, 3};
    CHECK(tokens_by_rank({Curve::hilbert}, 16) == side_4);
    const std::vector<std::int32_t> side_8 = {0,  8,  9,  1,  2,  3,  11, 10, 18, 19, 27, 26, 25, 17, 16, 24,
                                              32, 33, 41, 40, 48, 56, 57, 49, 50, 58, 59, 51, 43, 42, 34, 35};
    auto tokens = tokens_by_rank({Curve::hilbert}, 64);
    tokens.resize(32);
    CHECK(tokens == side_8);

    for (int level = 1; level <= 6; ++level) {
        const std::int64_t count = std::int64_t{1} << 2 * level;
        for (Curve curve : {Curve::hilbert, Curve::snake}) {
            const Order order{curve};
            const CellSet cells = cell_set(order, count);
            const auto along = tokens_by_rank(order, count);
            std::int64_t jumps = 0;
            for (std::size_t rank = 1; rank < along.size(); ++rank)
                jumps += !is_neighbour_step(cells.cell_of(along[rank - 1]), cells.cell_of(along[rank]));
            INFO(name_of(order, count));
            CHECK(jumps == 0);
        }
    }
}

TEST_CASE("Z-order interleaves the bits of x and y", "[engine]") {
    CHECK(tokens_by_rank({Curve::morton}, 16) ==
          std::vector<std::int32_t>{0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15});
    CHECK(token_at({Curve::morton}, std::int64_t{1} << 30, 0b1101) == 3 + (2 << 15));
}

TEST_CASE("orders are exact at 2^30 tokens and beyond", "[engine]") {
    std::mt19937_64 random(11);
    const std::int64_t whole = std::int64_t{1} << 30;
    const std::pair<Grid, std::int64_t> cases[] = {{{}, whole},
                                                   {{}, whole - 12345},
                                                   {{}, whole + 1},
                                                   {{48611, 0}, whole},
                                                   {{1, 0}, whole},
                                                   {{}, (std::int64_t{1} << 40) + 77},
                                                   {{}, std::int64_t{1} << 60}};
    for (Curve curve : curves)
        for (const auto& [grid, count] : cases) {
            const Order order{curve, grid};
            INFO(name_of(order, count));
            REQUIRE(validate(order, count));
            std::vector<std::int64_t> ranks = {0, 1, count / 3, count / 2, count - 2, count - 1};
            for (int trial = 0; trial < 200; ++trial) ranks.push_back(pick(random, 0, count - 1));
            for (std::int64_t rank : ranks) {
                const std::int64_t token = token_at(order, count, rank);
                if (0 > token || token >= count) FAIL("rank " << rank << " leads to token " << token);
                if (rank_of(order, count, token) != rank) FAIL("token " << token << " does not lead back to " << rank);
            }
        }
    // The last cell of the curve is the corner at the end of the first row.
    CHECK(token_at({Curve::hilbert}, whole, whole - 1) == (1 << 15) - 1);
    const Order ragged{Curve::hilbert};
    const CellSet square = CellSet::square(15);
    for (std::int64_t d : {std::int64_t{5}, whole / 5, whole / 2 + 99})
        CHECK(token_at(ragged, whole, d) == square.token_of(hilbert_cell(1 << 15, d)));
}

TEST_CASE("a grid that is too small is refused with one that is large enough", "[engine]") {
    const auto small = validate({Curve::hilbert, {64, 48}}, 4000);
    REQUIRE_FALSE(small);
    CHECK_THAT(small.error().what, contains("64x48") && contains("4000") && contains("use 64x63"));
    CHECK(validate({Curve::hilbert, {64, 63}}, 4000));
    CHECK(validate({Curve::hilbert, {64, 48}}, 3072));
    CHECK(validate({Curve::hilbert, {64, 0}}, 4000));
    CHECK_FALSE(validate({Curve::snake, {-1, 4}}, 4));
    CHECK_FALSE(validate({Curve::row}, 0));
    CHECK_FALSE(validate({Curve::row, {1, 0}}, std::int64_t{1} << 40));
    CHECK(default_grid({Curve::hilbert}, 1000) == Grid{32, 32});
    CHECK(default_grid({Curve::hilbert}, 1025) == Grid{64, 64});
    CHECK(default_grid({Curve::snake}, 1000) == Grid{32, 32});
    CHECK(default_grid({Curve::snake}, 930) == Grid{31, 30});
    CHECK(default_grid({Curve::row, {0, 7}}, 50) == Grid{8, 7});
}

TEST_CASE("grids as text", "[engine]") {
    for (const Grid& grid : {Grid{64, 48}, Grid{}, Grid{64, 0}}) CHECK(parse_grid(to_text(grid)).value() == grid);
    CHECK(to_text(Grid{64, 48}) == "64x48");
    for (const char* text : {"", "64", "64x", "x48", "64x48x2", "-1x4", "64 x 48", "9999999999x1"}) {
        INFO(text);
        CHECK_FALSE(parse_grid(text));
    }
}
