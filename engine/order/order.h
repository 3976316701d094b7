#pragma once
// Order: the tokens of a sequence along a curve over a grid: a permutation of 0 … N−1, and what it is used for.
//
// The sequence is folded row by row: token ℓ is cell (ℓ mod width, ℓ div width). The curve walks the smallest 2^k
// square that holds the grid and leaves out cells without a token, so every grid and every N gives a permutation.
// A token's place along the curve is its *rank*. Curve::row is the identity whatever the grid.
#include "engine/order/curve.h"
#include "engine/result.h"
#include "engine/visit.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

enum class OrderUse : std::uint8_t {
    layout,   // where q, k, v lie in memory; pairs and output stay as they are
    schedule, // which tile is computed when; pairs and output stay as they are
    sequence, // segments, dilations and windows are taken along the curve: another set of pairs
};
constexpr auto enum_names(OrderUse) { return std::array<std::string_view, 3>{"layout", "schedule", "sequence"}; }

// Cells across and down; a side that is 0 is chosen for the token count (default_grid below).
struct Grid {
    std::int64_t width = 0, height = 0; // 0 … 2^31 each
    friend bool operator==(const Grid&, const Grid&) = default;
};
// "64x48"; "auto" when both sides are 0. A side of 0 is chosen: "64x0" is 64 wide and as high as it takes.
std::string to_text(const Grid& grid);
Result<Grid> parse_grid(std::string_view text);

struct Order {
    Curve curve = Curve::row;
    Grid grid = {};
    OrderUse use = OrderUse::sequence;

    bool is_row() const { return curve == Curve::row; }
    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"order", "The curve that orders the tokens: row (as they come), snake, morton, hilbert"}, self.curve);
        v(Field{"grid", "Cells across and down the sequence is folded to, row by row; auto: as square as can be"},
          self.grid);
        v(Field{"use", "layout: only memory; schedule: only the order of tiles; sequence: the pattern runs along it"},
          self.use);
    }
    friend bool operator==(const Order&, const Order&) = default;
};

// Error when the grid cannot hold the tokens (it names one that can), or token_count is not 1 … 2^60.
Result<void> validate(const Order& order, std::int64_t token_count);

// All below need a valid order.

// The grid with its sides chosen: squares of side 2^k ≥ √N for hilbert and morton, ⌈√N⌉ wide for row and snake; the
// missing side of a grid that gives one, as long as the tokens need.
Grid default_grid(const Order& order, std::int64_t token_count);
// The tokens as cells of that grid.
CellSet cell_set(const Order& order, std::int64_t token_count);

// Exact at any length, without tables: O(log N). Each is the inverse of the other.
std::int64_t token_at(const Order& order, std::int64_t token_count, std::int64_t rank);
std::int64_t rank_of(const Order& order, std::int64_t token_count, std::int64_t token);

// The whole permutation and its inverse, N ≤ 2^31, about a nanosecond a token.
std::vector<std::int32_t> tokens_by_rank(const Order& order, std::int64_t token_count);
std::vector<std::int32_t> ranks_by_token(const Order& order, std::int64_t token_count);
// The inverse of any permutation of 0 … n−1.
std::vector<std::int32_t> inverse_permutation(const std::vector<std::int32_t>& permutation);

} // namespace dilascope
