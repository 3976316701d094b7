#pragma once
// CellSet: the tokens of a sequence as cells of a grid, and how many of them lie in a square.
#include <algorithm>
#include <bit>
#include <cstdint>

namespace dilascope {

struct Cell {
    std::int64_t x = 0, y = 0;
    friend bool operator==(const Cell&, const Cell&) = default;
};

// Token ℓ is cell (ℓ mod width, ℓ div width); cells ≥ count hold no token. Sides 1 … 2^31, width·height ≥ count ≥ 0.
struct CellSet {
    std::int64_t width = 1, height = 1, count = 1;

    Cell cell_of(std::int64_t token) const { return {token % width, token / width}; }
    std::int64_t token_of(Cell cell) const { return cell.y * width + cell.x; }

    // Curves walk the square of side 2^level that holds the grid.
    int level() const { return std::bit_width(std::uint64_t(std::max(width, height) - 1)); }

    // Tokens in the square of `side` cells whose corner is `corner`, in closed form.
    std::int64_t count_in(Cell corner, std::int64_t side) const {
        const std::int64_t columns = std::min(side, width - corner.x);
        if (columns <= 0) return 0;
        const std::int64_t full_rows = count / width, ragged_columns = count % width;
        const std::int64_t rows = std::clamp<std::int64_t>(full_rows - corner.y, 0, side);
        const bool holds_ragged_row = corner.y <= full_rows && full_rows < corner.y + side;
        return columns * rows +
               (holds_ragged_row ? std::clamp<std::int64_t>(ragged_columns - corner.x, 0, columns) : 0);
    }

    // Every cell of a square of side 2^level.
    static CellSet square(int level) {
        const std::int64_t side = std::int64_t{1} << level;
        return {side, side, side * side};
    }
};

} // namespace dilascope
