#pragma once
// CairoText: UTF-8 text in the theme's typefaces on a Cairo context, with the sizes that ImGui gives them.
#include "views/canvas.h"
#include <cairo.h>

namespace dilascope {

// Letters: the text stays text in PDF, where it can be searched and copied. Shapes: for pixels, where Cairo would push
// every letter to a whole pixel and space them unevenly.
enum class TextDrawing : std::uint8_t { letters, shapes };

// Width of the text and the line height of the style, in user units.
Point cairo_text_size(std::string_view text, TextStyle style);
// Draws from (x, top) with the current source.
void cairo_draw_text(cairo_t* context, Point top_left, std::string_view text, TextStyle style, TextDrawing drawing);

} // namespace dilascope
