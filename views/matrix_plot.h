#pragma once
// What every picture of the attention matrix shares: axes in tokens, gaps between cells, segment outlines, crosshair.
#include "views/canvas.h"
#include "views/matrix_camera.h"

namespace dilascope {

// Room that draw_matrix_axes() needs left of and above the viewport, logical pixels.
inline constexpr float matrix_axis_left = 66, matrix_axis_top = 38;

// Smallest cell, logical pixels, that is drawn as a cell, holds its branches side by side, holds its value.
inline constexpr double cell_gap_pixels = 4, cell_branch_pixels = 8, cell_value_pixels = 24;

// The largest viewport inside `space` (axes left and above included) that keeps the matrix' aspect, at most 3 : 1.
Rect matrix_viewport(Rect space, std::int64_t query_count, std::int64_t key_count);

// Border, grid, ticks and labels above and at the left, titles: query down, key across.
void draw_matrix_axes(Canvas& canvas, const MatrixFrame& frame);
// Hairlines in `gap` colour between cells once cells are at least cell_gap_pixels wide.
void draw_cell_gaps(Canvas& canvas, const MatrixFrame& frame, Colour gap);
// Outlines of the segments of a dilated pattern that are at least 6 pixels wide, each in its branch's colour.
void draw_segments(Canvas& canvas, const MatrixFrame& frame, const Pattern& pattern, const Problem& problem,
                   int only_branch);
// Row and column of a cell.
void draw_crosshair(Canvas& canvas, const MatrixFrame& frame, std::int64_t q, std::int64_t k);
// The outline of one cell, at least 5 pixels wide.
void draw_picked_cell(Canvas& canvas, const MatrixFrame& frame, std::int64_t q, std::int64_t k);

} // namespace dilascope
