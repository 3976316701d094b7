#pragma once
// PlotScene: a plot as data, without pixels: axes, series, bars, annotations. Pure code builds it; draw_plot puts it on
// any Canvas, so the window, an exported figure and a test see the same.
#include "views/geometry.h"
#include "views/plot_axis.h"
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dilascope {

struct Sample {
    double x = 0, y = 0;
    double low = std::numeric_limits<double>::quiet_NaN(), high = low; // of the confidence interval; NaN: none
    bool has_interval() const { return low <= high; }
};

enum class Marker : std::uint8_t { none, disc, ring, square, diamond };

struct Series {
    std::string name;   // short: what tells it from the others
    std::string detail; // everything about it, for a tooltip
    Colour colour;
    std::vector<Sample> samples;  // x never falls
    std::vector<std::string> ids; // what each sample is (a run id); empty, or as many as samples
    Marker marker = Marker::disc;
    float line_width = 1.75f; // logical pixels; 0: markers only
    bool has_band = true;     // intervals as a band; else as error bars
    bool is_hidden = false;   // in the legend, not in the plot
};

// A bar from the axis (0, or the bottom of a log axis) to y.
struct Bar {
    double x_low = 0, x_high = 0, y = 0;
    Colour colour;
};

// A labelled point, or a line across the whole plot at y (horizontal) or x (vertical).
struct Annotation {
    enum class Kind : std::uint8_t { point, horizontal, vertical };
    Kind kind = Kind::point;
    double x = 0, y = 0;
    std::string text;
    Colour colour;
};

struct PlotScene {
    Axis x, y;
    std::vector<Series> series;
    std::vector<Bar> bars;
    std::vector<Annotation> annotations;
    std::optional<std::size_t> emphasised; // this series in full colour, the others faint
};

// Makes both axes show all visible data.
void fit_axes(PlotScene& scene);

// At most 4 samples for each of `columns` equal parts of the axis: first, least, greatest, last, so that no spike is
// lost. Short series come back whole; samples outside the interval are dropped but for one neighbour on each side.
std::vector<Sample> decimated(std::span<const Sample> samples, const Axis& x, int columns);

// One line of the card beside a hovered sample.
struct HoverLine {
    std::string label, value;
};
std::vector<HoverLine> hover_lines(const PlotScene& scene, std::size_t series, std::size_t sample);

} // namespace dilascope
