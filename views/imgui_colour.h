#pragma once
// Our colours as ImGui's.
#include "views/geometry.h"
#include <imgui.h>

namespace dilascope {

inline ImU32 colour32(Colour c) { return IM_COL32(c.r, c.g, c.b, c.a); }
inline ImVec4 vec4(Colour c) { return {c.r / 255.f, c.g / 255.f, c.b / 255.f, c.a / 255.f}; }

} // namespace dilascope
