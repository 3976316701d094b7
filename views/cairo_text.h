#pragma once
// CairoText: UTF-8 text in the theme's typefaces on a Cairo context, with the sizes that ImGui gives them.
#include "views/canvas.h"
#include <cairo.h>

namespace dilascope {

enum class Hinting { light, none }; // none: for vector formats, which have no pixels

// Width of the text and the line height of the style, in user units.
Point cairo_text_size(std::string_view text, TextStyle style);
// Draws from (x, top) with the current source; the text stays text in PDF (it can be searched and copied).
void cairo_draw_text(cairo_t* context, Point top_left, std::string_view text, TextStyle style, Hinting hinting);

} // namespace dilascope
