#pragma once
// PlotLayout: where the parts of a plot lie in its rectangle, in logical pixels.
#include "views/canvas.h"
#include "views/plot_scene.h"

namespace dilascope {

struct LegendEntry {
    std::size_t series = 0;
    Rect rect;
    std::string text; // the name, shortened to fit
};

struct PlotLayout {
    Rect whole, frame; // the plot's rectangle; the part between the axes
    std::vector<Tick> x_ticks, y_ticks;
    std::vector<LegendEntry> legend; // beside the end of each line, moved apart
    int legend_left_out = 0;         // series without room for an entry
    float caption_y = 0;
};

PlotLayout layout_plot(const PlotScene& scene, const Canvas& canvas, Rect whole);

Point plot_point(const PlotScene& scene, const PlotLayout& layout, double x, double y);

// A sample of a visible series, and where it is drawn.
struct PlotHit {
    std::size_t series = 0, sample = 0;
    Point at;
};
// The sample nearest to `mouse` at most `reach` pixels away.
std::optional<PlotHit> nearest_sample(const PlotScene& scene, const PlotLayout& layout, Point mouse, float reach = 40);

// The series whose legend entry is at `mouse`.
std::optional<std::size_t> legend_series_at(const PlotLayout& layout, Point mouse);

} // namespace dilascope
