#pragma once
// CurvePath: an order as a line through its grid, coarse where the grid has more cells than a picture has room for.
#include "engine/order/order.h"
#include "views/geometry.h"
#include <vector>

namespace dilascope {

struct CurvePath {
    struct Stop {
        double x = 0, y = 0;   // in cells, at the middle of what it stands for
        std::int64_t rank = 0; // the first token's
    };
    std::vector<Stop> stops;      // ranks rise
    std::int64_t square_side = 1; // cells along a side of the square a stop stands for; 1: every token is a stop
};

// At most `stops_max` ≥ 2 stops of a valid order. Hilbert and Morton keep every aligned 2^k square together, so a
// coarse stop is such a square and the line through them is the curve one level up. Row and snake stop at the ends of
// rows, and leave rows out when those are too many.
CurvePath curve_path(const Order& order, std::int64_t token_count, std::int64_t stops_max = 4096);

} // namespace dilascope
