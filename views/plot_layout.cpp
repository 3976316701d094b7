#include "views/plot_layout.h"
#include "views/fitted_text.h"
#include "views/theme.h"

#include <algorithm>
#include <cmath>

namespace dilascope {
namespace {

constexpr float legend_row = 18, legend_mark = 16; // pixels; a mark is the coloured dot and its gap
constexpr float x_label_room = 64, y_label_room = 36;
constexpr float line_height = 18;

float widest(const Canvas& canvas, const std::vector<Tick>& ticks) {
    float width = 0;
    for (const Tick& tick : ticks) width = std::max(width, canvas.text_size(tick.label, TextStyle::caption_number).x);
    return width;
}

bool has_legend(const PlotScene& scene) {
    return scene.series.size() > 1 || (scene.series.size() == 1 && !scene.series[0].name.empty());
}

float legend_width(const PlotScene& scene, const Canvas& canvas, float available) {
    if (!has_legend(scene)) return 0;
    float width = 0;
    for (const Series& series : scene.series)
        width = std::max(width, canvas.text_size(series.name, TextStyle::body).x + legend_mark);
    return std::min(width, available * 0.34f) + space::padding;
}

// The last sample that lies inside the frame decides where a name stands; hidden series go below the others.
float wanted_y(const PlotScene& scene, const PlotLayout& layout, const Series& series) {
    if (series.is_hidden) return layout.frame.bottom();
    for (auto sample = series.samples.rbegin(); sample != series.samples.rend(); ++sample) {
        const Point p = plot_point(scene, layout, sample->x, sample->y);
        if (p.x >= layout.frame.x - 1 && p.x <= layout.frame.right() + 1)
            return std::clamp(p.y, layout.frame.y, layout.frame.bottom()) - legend_row / 2;
    }
    return layout.frame.bottom();
}

void place_legend(const PlotScene& scene, const Canvas& canvas, PlotLayout& layout, float width) {
    struct Place {
        std::size_t series;
        float y;
    };
    std::vector<Place> places;
    for (std::size_t index = 0; index < scene.series.size(); ++index)
        places.push_back({index, wanted_y(scene, layout, scene.series[index])});
    std::stable_sort(places.begin(), places.end(), [](Place a, Place b) { return a.y < b.y; });
    const float top = layout.frame.y, bottom = layout.frame.bottom() + legend_row / 2;
    auto room = std::size_t(std::max(1.f, std::floor((bottom - top) / legend_row)));
    if (places.size() > room) {
        layout.legend_left_out = int(places.size() - std::max<std::size_t>(1, room - 1));
        places.resize(places.size() - std::size_t(layout.legend_left_out));
        room = places.size() + 1;
    }
    float y = top - legend_row / 2; // pass 1: push down
    for (Place& place : places) y = place.y = std::max(place.y, y), y += legend_row;
    float lowest = bottom - legend_row * (layout.legend_left_out > 0 ? 2.f : 1.f); // pass 2: push up from the bottom
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
        lowest = place->y = std::min(place->y, lowest);
        lowest -= legend_row;
    }
    const float x = layout.frame.right() + space::padding;
    for (const Place& place : places) {
        const std::string text =
            shortened(canvas, scene.series[place.series].name, TextStyle::body, width - space::padding - legend_mark);
        const float text_width = canvas.text_size(text, TextStyle::body).x;
        layout.legend.push_back({place.series, {x, place.y, legend_mark + text_width, legend_row}, text});
    }
}

} // namespace

PlotLayout layout_plot(const PlotScene& scene, const Canvas& canvas, Rect whole) {
    PlotLayout layout;
    layout.whole = whole;
    layout.caption_y = whole.y;
    const float top = whole.y + line_height + space::grid, bottom = whole.bottom() - 2 * line_height;

    const float names = legend_width(scene, canvas, whole.width);
    layout.y_ticks = axis_ticks(scene.y, int((bottom - top) / y_label_room));
    const float left = whole.x + std::max(28.f, widest(canvas, layout.y_ticks) + space::padding);
    const float right = whole.right() - std::max(names, 20.f);
    layout.frame = {left, top, std::max(10.f, right - left), std::max(10.f, bottom - top)};
    layout.x_ticks = axis_ticks(scene.x, int(layout.frame.width / x_label_room));
    if (has_legend(scene)) place_legend(scene, canvas, layout, names);
    return layout;
}

Point plot_point(const PlotScene& scene, const PlotLayout& layout, double x, double y) {
    // Far outside is as good as outside, and keeps floats and rasterisers well.
    const auto fraction = [](const Axis& axis, double value) {
        return std::clamp(axis_fraction(axis, value), -50.0, 50.0);
    };
    return {layout.frame.x + float(fraction(scene.x, x)) * layout.frame.width,
            layout.frame.bottom() - float(fraction(scene.y, y)) * layout.frame.height};
}

std::optional<PlotHit> nearest_sample(const PlotScene& scene, const PlotLayout& layout, Point mouse, float reach) {
    std::optional<PlotHit> best;
    float best_distance = reach * reach;
    const double low = axis_value(scene.x, (mouse.x - reach - layout.frame.x) / layout.frame.width);
    const double high = axis_value(scene.x, (mouse.x + reach - layout.frame.x) / layout.frame.width);
    for (std::size_t series_index = 0; series_index < scene.series.size(); ++series_index) {
        const Series& series = scene.series[series_index];
        if (series.is_hidden) continue;
        auto sample = std::lower_bound(series.samples.begin(), series.samples.end(), low,
                                       [](const Sample& one, double value) { return one.x < value; });
        for (; sample != series.samples.end() && sample->x <= high; ++sample) {
            const Point p = plot_point(scene, layout, sample->x, sample->y);
            const float distance = (p.x - mouse.x) * (p.x - mouse.x) + (p.y - mouse.y) * (p.y - mouse.y);
            if (!(distance < best_distance)) continue;
            best_distance = distance;
            best = PlotHit{series_index, std::size_t(sample - series.samples.begin()), p};
        }
    }
    return best;
}

std::optional<std::size_t> legend_series_at(const PlotLayout& layout, Point mouse) {
    for (const LegendEntry& entry : layout.legend)
        if (entry.rect.contains(mouse)) return entry.series;
    return std::nullopt;
}

} // namespace dilascope
