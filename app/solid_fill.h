#pragma once
// SolidFill: large rectangles of one colour, cleared instead of shaded. ImGui paints them through a textured, blended
// shader, which is most of a frame's time on a software renderer (1600 × 1000 on two cores: 40 ms of CPU time with it).
#include "app/damage.h"
#include "views/geometry.h"

struct ImDrawCmd;
struct ImDrawList;

namespace dilascope {

struct SolidFill {
    PixelRect pixels;
    Colour colour;
};

// Fills pixels, within the list's clip rectangle, in the order of the draw list. Opaque colours only.
void solid_fill(ImDrawList* list, Rect pixels, Colour colour);
// The same with rounded corners.
void solid_panel(ImDrawList* list, Rect pixels, Colour colour, float radius);
// The fill that a command of this frame stands for; null for other commands.
const SolidFill* solid_fill_of(const ImDrawCmd& command);
// Once a frame, before the first fill.
void clear_solid_fills();

} // namespace dilascope
