#pragma once
// MatrixCamera: which part of the N × M attention matrix is looked at, independent of any view's size, so that views of
// different shapes share one zoom and pan. MatrixFrame is the camera as one view sees it: tokens ↔ pixels.
#include "engine/pattern/count.h"
#include "views/geometry.h"

namespace dilascope {

// The whole matrix while `fitted`; else a square of `span` tokens around the centre fills the view's smaller side.
struct MatrixCamera {
    bool fitted = true;
    double q_centre = 0, k_centre = 0; // tokens
    double span = 0;                   // tokens, ≥ 1
};

// Tokens ↔ logical pixels of one viewport; square cells. Token t covers [t, t + 1) on its axis.
struct MatrixFrame {
    Rect viewport;
    std::int64_t query_count = 1, key_count = 1;
    double pixels_per_token = 1;
    double q_top = 0, k_left = 0; // tokens at the viewport's top-left corner, fractional; negative when there is margin

    double x_of(double k) const { return viewport.x + (k - k_left) * pixels_per_token; }
    double y_of(double q) const { return viewport.y + (q - q_top) * pixels_per_token; }
    double k_at(float x) const { return k_left + (x - viewport.x) / pixels_per_token; }
    double q_at(float y) const { return q_top + (y - viewport.y) / pixels_per_token; }

    // The tokens of which at least a part is visible.
    Region visible() const;
    // Screen rectangle of a region, not clipped; at least 2 pixels in each direction so that one query of a million
    // shows.
    Rect rect_of(const Region& region) const;
    // The cell under a point; false when the point is outside the viewport or the matrix.
    bool cell_at(Point point, std::int64_t& q, std::int64_t& k) const;
};

MatrixFrame frame_of(const MatrixCamera& camera, std::int64_t query_count, std::int64_t key_count, Rect viewport);

// Zooms by `factor` (> 1: closer) and keeps the token under `at` where it is. Zooming out past the whole matrix fits
// it.
void zoom_at(MatrixCamera& camera, const MatrixFrame& frame, Point at, double factor);
// Moves the picture by so many pixels, as a drag does.
void pan_by(MatrixCamera& camera, const MatrixFrame& frame, Point pixels);
// Centres a cell; zooms in to `span` tokens when it is > 0.
void go_to(MatrixCamera& camera, const MatrixFrame& frame, std::int64_t q, std::int64_t k, double span = 0);
// Moves just enough that a cell is visible, as arrow keys need.
void reveal(MatrixCamera& camera, const MatrixFrame& frame, std::int64_t q, std::int64_t k);

// Wheel notches to a zoom factor; finer with Ctrl, faster with Shift.
double wheel_zoom(float notches, bool finer, bool faster);

} // namespace dilascope
