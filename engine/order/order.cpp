#include "engine/order/order.h"
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

static constexpr std::int64_t longest_side = std::int64_t{1} << 31, most_tokens = std::int64_t{1} << 60;

static std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

static std::int64_t ceil_sqrt(std::int64_t value) {
    auto root = std::int64_t(std::sqrt(double(value)));
    while (root * root < value) ++root;
    while (root > 0 && (root - 1) * (root - 1) >= value) --root;
    return root;
}

std::string to_text(const Grid& grid) {
    return grid == Grid{} ? "auto" : fmt::format("{}x{}", grid.width, grid.height);
}

Result<Grid> parse_grid(std::string_view text) {
    if (text == "auto") return Grid{};
    Grid grid;
    const char* end = text.data() + text.size();
    const auto width = std::from_chars(text.data(), end, grid.width);
    if (width.ec == std::errc{} && width.ptr != end && *width.ptr == 'x') {
        const auto height = std::from_chars(width.ptr + 1, end, grid.height);
        const auto fits = [](std::int64_t side) { return 0 <= side && side <= longest_side; };
        if (height.ec == std::errc{} && height.ptr == end && fits(grid.width) && fits(grid.height)) return grid;
    }
    return fail(fmt::format("grid is \"{}\"; expected WIDTHxHEIGHT in tokens, 0 … {} each, such as 64x48, or auto",
                            text, longest_side));
}

Result<void> validate(const Order& order, std::int64_t token_count) {
    if (token_count < 1 || token_count > most_tokens)
        return fail(fmt::format("order: there are {} tokens; expected 1 … 2^60", token_count));
    const Grid& given = order.grid;
    if (std::min(given.width, given.height) < 0 || std::max(given.width, given.height) > longest_side)
        return fail(fmt::format("order: grid is {}; expected sides of 0 … {}", to_text(given), longest_side));
    const Grid grid = default_grid(order, token_count);
    if (std::max(grid.width, grid.height) <= longest_side && grid.width * grid.height >= token_count) return {};
    const Grid taller = default_grid({order.curve, {given.width, 0}}, token_count);
    const Grid mend = taller.height <= longest_side ? taller : default_grid({order.curve}, token_count);
    return fail(fmt::format("order: grid {} is too small for {} tokens; use {} or auto", to_text(given), token_count,
                            to_text(mend)));
}

Grid default_grid(const Order& order, std::int64_t token_count) {
    const Grid& grid = order.grid;
    if (grid.width > 0) return {grid.width, grid.height > 0 ? grid.height : ceil_div(token_count, grid.width)};
    if (grid.height > 0) return {ceil_div(token_count, grid.height), grid.height};
    const std::int64_t side = ceil_sqrt(token_count);
    if (!curve_walk(order.curve).is_square) return {side, ceil_div(token_count, side)};
    const auto square_side = std::int64_t(std::bit_ceil(std::uint64_t(side)));
    return {square_side, square_side};
}

CellSet cell_set(const Order& order, std::int64_t token_count) {
    const Grid grid = default_grid(order, token_count);
    return {grid.width, grid.height, token_count};
}

std::int64_t token_at(const Order& order, std::int64_t token_count, std::int64_t rank) {
    assert(0 <= rank && rank < token_count);
    const CellSet cells = cell_set(order, token_count);
    return cells.token_of(curve_walk(order.curve).cell_at(cells, rank));
}

std::int64_t rank_of(const Order& order, std::int64_t token_count, std::int64_t token) {
    assert(0 <= token && token < token_count);
    const CellSet cells = cell_set(order, token_count);
    return curve_walk(order.curve).rank_of(cells, cells.cell_of(token));
}

std::vector<std::int32_t> tokens_by_rank(const Order& order, std::int64_t token_count) {
    assert(token_count <= std::int64_t{1} << 31);
    std::vector<std::int32_t> tokens(std::size_t(token_count), 0);
    curve_walk(order.curve).write_tokens(cell_set(order, token_count), tokens.data());
    return tokens;
}

std::vector<std::int32_t> ranks_by_token(const Order& order, std::int64_t token_count) {
    return inverse_permutation(tokens_by_rank(order, token_count));
}

std::vector<std::int32_t> inverse_permutation(const std::vector<std::int32_t>& permutation) {
    std::vector<std::int32_t> inverse(permutation.size());
    for (std::size_t rank = 0; rank < permutation.size(); ++rank)
        inverse[std::size_t(permutation[rank])] = std::int32_t(rank);
    return inverse;
}

} // namespace dilascope
