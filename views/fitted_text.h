#pragma once
// Text made to fit a width: cut short, or over several lines.
#include "views/canvas.h"
#include <string>

namespace dilascope {

inline constexpr float text_line_height = 18; // of captions

// `text`, or its longest beginning that fits with "…" after it.
std::string shortened(const Canvas& canvas, std::string_view text, TextStyle style, float width);
// Broken at spaces; a word that is too long keeps a line of its own.
std::vector<std::string> wrapped(const Canvas& canvas, std::string_view text, TextStyle style, float width);
// The lines below each other from the top of `where`; returns the height they take. Where it has a height, what does
// not fit is cut and ends with "…".
float draw_wrapped(Canvas& canvas, std::string_view text, TextStyle style, Colour colour, Rect where);

} // namespace dilascope
