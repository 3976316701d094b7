#pragma once
// Controls: what the bars and overlays need beyond the views' widgets: quiet buttons, a progress bar.
#include "views/canvas.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <imgui.h>
#include <string_view>

namespace dilascope {

inline ImU32 colour_u32(Colour c) { return IM_COL32(c.r, c.g, c.b, c.a); }

ImVec2 label_size(std::string_view text, TextStyle style); // pixels

// A text button without a box until hovered; `chosen` ones are raised. Marked as `id`, which is also its tooltip's
// place.
bool quiet_button(const char* id, std::string_view text, bool chosen = false, TextStyle style = TextStyle::body,
                  ImVec2 size = {0, 0});
// share in 0 … 1; pixels.
void progress_bar(float share, float width, float height);

} // namespace dilascope
