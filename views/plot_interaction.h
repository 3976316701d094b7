#pragma once
// Pan, zoom and box zoom of a plot: a camera changed by input values. `read_plot_input` fills them from ImGui.
#include "views/plot_layout.h"
#include <set>

namespace dilascope {

struct PlotInput {
    Point mouse;
    bool hovered = false;          // the mouse is over the plot
    float wheel = 0;               // notches this frame, up is nearer
    Point drag;                    // movement this frame of a drag that began inside the frame, left button
    bool clicked = false;          // left button, released without a drag
    bool solo = false;             // with Ctrl
    bool fit = false;              // double click
    bool menu = false;             // right button, released without a drag
    std::optional<Point> box_from; // right button dragging since here
    bool box_done = false;         // and released this frame
};

struct Interval {
    double min = 0, max = 0;
};

// What the user changed about a plot. Empty intervals: as the data want it.
struct PlotCamera {
    std::optional<Interval> x, y;
    std::set<std::string> hidden; // names of series switched off in the legend
};

// Hides series and overrides fitted axes.
void apply_camera(const PlotCamera& camera, PlotScene& scene);

// Wheel zooms at the cursor (over an axis: that axis only), left drag pans, right drag zooms to the box, double click
// fits, a click on a legend entry hides its series, Ctrl-click shows it alone. `scene` and `layout` have the camera
// applied.
void update_camera(PlotCamera& camera, const PlotScene& scene, const PlotLayout& layout, const PlotInput& input);

// Makes the plot's rectangle one ImGui item called `id` in the current window and reads its input.
PlotInput read_plot_input(const char* id, const Canvas& canvas, const PlotLayout& layout);

void draw_zoom_box(Canvas& canvas, const PlotLayout& layout, const PlotInput& input);

} // namespace dilascope
