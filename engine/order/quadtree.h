#pragma once
// Curves that fill each quadrant of a 2^k square before the next one: a table of at most four states describes them,
// and counting the tokens of squares in closed form finds a rank in any grid in O(log side), without tables.
#include "engine/order/curve.h"

namespace dilascope {

// In a square of state s the curve visits quadrant[s][0 … 3]; inside the i-th of them the state is child[s][i].
// A quadrant is x bit + 2·y bit. The whole square has state 0.
struct QuadCurve {
    std::uint8_t quadrant[4][4];
    std::uint8_t child[4][4];
};

Cell quadtree_cell_at(const QuadCurve& curve, const CellSet& cells, std::int64_t rank);
std::int64_t quadtree_rank_of(const QuadCurve& curve, const CellSet& cells, Cell cell);
void quadtree_write_tokens(const QuadCurve& curve, const CellSet& cells, std::int32_t* out);

template <const QuadCurve& curve> constexpr CurveWalk quadtree_walk() {
    return {[](const CellSet& cells, std::int64_t rank) { return quadtree_cell_at(curve, cells, rank); },
            [](const CellSet& cells, Cell cell) { return quadtree_rank_of(curve, cells, cell); },
            [](const CellSet& cells, std::int32_t* out) { quadtree_write_tokens(curve, cells, out); }, true};
}

} // namespace dilascope
