#pragma once
// LiveStrip: the newest live timing as a number, and those before it as bars, so that every change of the configuration
// shows at once.
#include "views/canvas.h"
#include "views/timing_scene.h"

namespace dilascope {

// The bars of `history`, oldest left, newest in the accent colour, from 0 to the greatest.
void draw_live_bars(Canvas& canvas, Rect area, const std::vector<LiveTiming>& history);

// "−29 % than before" in words: the newest against the one before it; "" when there is none. Where the
// confidence intervals of both medians overlap it says "no evidence of a change".
std::string live_change_text(const std::vector<LiveTiming>& history);

} // namespace dilascope
