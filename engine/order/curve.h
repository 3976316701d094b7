#pragma once
// Curve: a walk through the cells of a grid. To add one: its x.h and x.cpp with a CurveWalk, its name in Curve, and one
// line in curve.cpp; the bijection tests cover it then.
#include "engine/order/cell_set.h"
#include <array>
#include <cstdint>
#include <string_view>

namespace dilascope {

enum class Curve : std::uint8_t {
    row,     // row by row, left to right: the sequence as it is
    snake,   // row by row, odd rows right to left
    morton,  // Z-order: the bits of x and y interleaved
    hilbert, // Hilbert's curve: consecutive cells are neighbours at every scale
};
constexpr auto enum_names(Curve) { return std::array<std::string_view, 4>{"row", "snake", "morton", "hilbert"}; }

// A curve over the smallest 2^k square that holds a grid; cells without a token are left out and the ranks of the
// others close up, so that ranks and tokens are the same numbers 0 … count−1 whatever the grid. With
// CellSet::square(k) it is the curve of the whole square.
struct CurveWalk {
    Cell (*cell_at)(const CellSet& cells, std::int64_t rank);      // 0 ≤ rank < count
    std::int64_t (*rank_of)(const CellSet& cells, Cell cell);      // the cell holds a token
    void (*write_tokens)(const CellSet& cells, std::int32_t* out); // token of rank 0 … count−1, count ≤ 2^31
    bool is_square; // without a grid given, the curve takes a 2^k square; else a grid ⌈√count⌉ wide
};

const CurveWalk& curve_walk(Curve curve);

} // namespace dilascope
