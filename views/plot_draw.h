#pragma once
// Draws a laid-out PlotScene on any Canvas.
#include "views/plot_layout.h"

namespace dilascope {

void draw_plot(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout);

// Crosshair through the sample, its value at both axes, and a card with everything exact.
void draw_plot_hover(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout, const PlotHit& hit);

void draw_marker(Canvas& canvas, Point at, Marker marker, float radius, Colour colour);

// A raised card near `at`, kept inside `bounds`: a heading with a colour dot, then label–value lines.
void draw_card(Canvas& canvas, Rect bounds, Point at, std::string_view heading, Colour colour,
               std::span<const HoverLine> lines);

} // namespace dilascope
