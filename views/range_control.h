#pragma once
// RangeControl: the colour bar of a heatmap with the histogram of its weights above and two ends to drag below.
#include "views/canvas.h"
#include "views/heatmap_image.h"

namespace dilascope {

inline constexpr float colour_bar_height = 92; // logical pixels: caption, histogram, bar, ends, labels

// `axis`: what the bar spans; `histogram` in equal steps of it.
struct ColourBar {
    WeightRange axis, range;
    std::vector<int> histogram;
};
void draw_colour_bar(Canvas& canvas, const ColourBar& bar, Rect where);

class RangeControl {
public:
    // Draws the bar and moves the ends of bar.range under the mouse; true when they moved. Items "<id>/low",
    // "<id>/high".
    bool draw(Canvas& canvas, ColourBar& bar, Rect where, const char* id);
};

} // namespace dilascope
