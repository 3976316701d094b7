#pragma once
// The frame of an exported figure: ground, title, subtitle, and the configuration's text and hash in the corner.
#include "views/canvas.h"
#include "views/workspace.h"

namespace dilascope {

// Draws the frame and returns the room left for the picture.
Rect draw_figure_frame(Canvas& canvas, Rect figure, const std::string& title, const std::string& subtitle,
                       const Case& config);

} // namespace dilascope
