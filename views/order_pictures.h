#pragma once
// OrderPictures: a matrix before and after its tokens are taken along a curve.
#include "views/pattern_scene.h"

namespace dilascope {

struct OrderPicturesRequest {
    std::uint64_t version = 0; // stands for pattern and problem in comparisons
    Pattern pattern;           // along `order`, or along none, whatever its own order is
    Problem problem;
    std::int64_t head = 0;
    Order order;             // of the picture after; both sides of its grid given
    std::int64_t reach = 4;  // of the window on the grid, cells
    std::int64_t pixels = 0; // along a side
    bool shows_pattern() const { return order.use == OrderUse::sequence; }
    friend bool operator==(const OrderPicturesRequest& a, const OrderPicturesRequest& b) {
        return a.version == b.version && a.head == b.head && a.order == b.order && a.reach == b.reach &&
               a.pixels == b.pixels;
    }
};

// Of use=sequence: the pattern over tokens, as the text has it without an order, and along the curve. Of the others,
// which change no pair: a window on the grid, its tokens along rows, and along the curve.
struct OrderPictures {
    OrderPicturesRequest request;
    PaintedPicture before, after;
};
OrderPictures make_order_pictures(const OrderPicturesRequest& request, const std::atomic<bool>& cancel);

// density[row·pixels + column] of the rank × rank matrix of a window on the grid; `pixels` at most the token count,
// which is at most 2^31. Pixels as in density_grid(); unfinished once cancelled.
std::vector<float> grid_window_density(const Order& order, std::int64_t token_count, std::int64_t reach,
                                       std::int64_t pixels, const std::atomic<bool>& cancel);

} // namespace dilascope
