#pragma once
// What lies over a picture of the attention matrix: picked cell, crosshair, zoom box, and the card of the cell under
// the mouse.
#include "views/matrix_mouse.h"

namespace dilascope {

// The card stays inside `bounds`; `more` are lines of the view's own.
void draw_matrix_hover(Canvas& canvas, const Workspace& workspace, const MatrixFrame& frame, const MatrixMouse& mouse,
                       Rect bounds, std::span<const std::string> more = {});

} // namespace dilascope
