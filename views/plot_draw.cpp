#include "views/plot_draw.h"
#include "views/number_format.h"
#include "views/theme.h"

#include <cmath>

namespace dilascope {
namespace {

void draw_grid(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout) {
    const Theme& t = theme();
    const Rect& frame = layout.frame;
    for (const Tick& tick : layout.y_ticks) {
        const float y = plot_point(scene, layout, scene.x.min, tick.value).y;
        if (!tick.label.empty())
            canvas.line({frame.x, y}, {frame.right(), y}, t.line);
        else
            canvas.line({frame.x, y}, {frame.x + 4, y}, t.line);
        canvas.text({frame.x - space::gap, y - 7}, tick.label, TextStyle::caption_number, t.muted, Align::right);
    }
    for (const Tick& tick : layout.x_ticks) {
        const float x = plot_point(scene, layout, tick.value, scene.y.min).x;
        const bool labelled = !tick.label.empty();
        if (labelled) canvas.line({x, frame.y}, {x, frame.bottom()}, t.line.with_alpha(0.45f));
        canvas.line({x, frame.bottom()}, {x, frame.bottom() + (labelled ? 5.f : 3.f)}, t.line);
        canvas.text({x, frame.bottom() + 7}, tick.label, TextStyle::caption_number, t.muted, Align::centre);
    }
    canvas.line({frame.x, frame.bottom()}, {frame.right(), frame.bottom()}, t.disabled.with_alpha(0.6f));
}

void draw_captions(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout) {
    const Colour muted = theme().muted;
    const float x = std::max(layout.whole.x, layout.frame.x - 24);
    canvas.text({x, layout.caption_y}, axis_caption(scene.y), TextStyle::caption, muted);
    canvas.text({layout.frame.right(), layout.frame.bottom() + 22}, axis_caption(scene.x), TextStyle::caption, muted,
                Align::right);
}

void draw_bars(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout) {
    const double base = scene.y.scale == AxisScale::linear ? std::clamp(0.0, scene.y.min, scene.y.max) : scene.y.min;
    for (const Bar& bar : scene.bars) {
        const Point a = plot_point(scene, layout, bar.x_low, bar.y), b = plot_point(scene, layout, bar.x_high, base);
        const float gap = std::min(1.f, (b.x - a.x) * 0.2f);
        canvas.filled_rectangle({a.x + gap / 2, std::min(a.y, b.y), b.x - a.x - gap, std::abs(b.y - a.y)}, bar.colour);
    }
}

// The band of the stretches that have intervals.
void draw_band(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout, std::span<const Sample> samples,
               Colour colour) {
    std::vector<Point> upper, lower;
    const auto finish = [&] {
        if (upper.size() > 1) canvas.band(upper, lower, colour.with_alpha(0.2f * float(colour.a) / 255));
        upper.clear(), lower.clear();
    };
    for (const Sample& sample : samples) {
        if (!sample.has_interval()) {
            finish();
            continue;
        }
        upper.push_back(plot_point(scene, layout, sample.x, sample.high));
        lower.push_back(plot_point(scene, layout, sample.x, sample.low));
    }
    finish();
}

void draw_error_bar(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout, const Sample& sample,
                    Colour colour) {
    const Point high = plot_point(scene, layout, sample.x, sample.high),
                low = plot_point(scene, layout, sample.x, sample.low);
    if (low.y - high.y < 2) return; // hidden by the marker
    canvas.line(high, low, colour, 1);
    for (const Point end : {high, low}) canvas.line({end.x - 3, end.y}, {end.x + 3, end.y}, colour, 1);
}

void draw_series(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout, const Series& series,
                 Colour colour) {
    const auto samples = decimated(series.samples, scene.x, int(layout.frame.width));
    if (series.has_band) draw_band(canvas, scene, layout, samples, colour);
    std::vector<Point> points;
    for (const Sample& sample : samples) points.push_back(plot_point(scene, layout, sample.x, sample.y));
    if (series.line_width > 0 && points.size() > 1) canvas.polyline(points, colour, series.line_width);
    const bool dense = float(points.size()) * 8 > layout.frame.width;
    for (std::size_t index = 0; index < points.size(); ++index) {
        if (samples[index].has_interval() && (!series.has_band || samples.size() == 1))
            draw_error_bar(canvas, scene, layout, samples[index], colour);
        if (!dense || series.line_width == 0) draw_marker(canvas, points[index], series.marker, 3.5f, colour);
    }
}

void draw_annotation(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout, const Annotation& annotation) {
    const Rect& frame = layout.frame;
    const Point p = plot_point(scene, layout, annotation.x, annotation.y);
    const float width = canvas.text_size(annotation.text, TextStyle::caption).x;
    if (annotation.kind == Annotation::Kind::horizontal) {
        canvas.line({frame.x, p.y}, {frame.right(), p.y}, annotation.colour, 1);
        canvas.text({frame.right() - 4, p.y - 16}, annotation.text, TextStyle::caption, annotation.colour,
                    Align::right);
    } else if (annotation.kind == Annotation::Kind::vertical) {
        canvas.line({p.x, frame.y}, {p.x, frame.bottom()}, annotation.colour, 1);
        const bool fits = p.x + width + 8 < frame.right();
        canvas.text({fits ? p.x + 5 : p.x - 5, frame.y + 2}, annotation.text, TextStyle::caption, annotation.colour,
                    fits ? Align::left : Align::right);
    } else {
        canvas.filled_circle(p, 4.5f, annotation.colour);
        canvas.circle(p, 8, annotation.colour, 1.5f);
        const bool fits = p.x + width + 16 < frame.right();
        const Rect label = {fits ? p.x + 13 : p.x - 13 - width, p.y - 24, width, 14};
        canvas.filled_rectangle({label.x - 3, label.y - 1, label.width + 6, label.height + 2},
                                theme().panel.with_alpha(0.8f), 3);
        canvas.text({label.x, label.y}, annotation.text, TextStyle::caption, annotation.colour);
    }
}

void draw_legend(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout) {
    const Theme& t = theme();
    for (const LegendEntry& entry : layout.legend) {
        const Series& series = scene.series[entry.series];
        const Point mark = {entry.rect.x + 4, entry.rect.y + entry.rect.height / 2};
        if (series.is_hidden)
            canvas.circle(mark, 3.5f, t.disabled, 1);
        else
            draw_marker(canvas, mark, series.marker == Marker::none ? Marker::disc : series.marker, 3.5f,
                        series.colour);
        canvas.text({entry.rect.x + 16, entry.rect.y + 1}, entry.text, TextStyle::body,
                    series.is_hidden ? t.disabled : t.text);
    }
    if (layout.legend_left_out == 0 || layout.legend.empty()) return;
    const Rect last = layout.legend.back().rect;
    canvas.text({last.x + 16, last.bottom() + 2}, "and " + format_count(layout.legend_left_out) + " more",
                TextStyle::caption, t.muted);
}

} // namespace

void draw_marker(Canvas& canvas, Point at, Marker marker, float radius, Colour colour) {
    const float r = radius;
    switch (marker) {
    case Marker::none: return;
    case Marker::disc: return canvas.filled_circle(at, r, colour);
    case Marker::ring: canvas.filled_circle(at, r, theme().panel); return canvas.circle(at, r, colour, 1.75f);
    case Marker::square: return canvas.filled_rectangle({at.x - r * 0.9f, at.y - r * 0.9f, r * 1.8f, r * 1.8f}, colour);
    case Marker::diamond: {
        const float d = r * 1.3f;
        const Point corners[] = {{at.x, at.y - d}, {at.x + d, at.y}, {at.x, at.y + d}, {at.x - d, at.y}};
        return canvas.polygon(corners, colour);
    }
    }
}

void draw_plot(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout) {
    draw_grid(canvas, scene, layout);
    draw_captions(canvas, scene, layout);
    // Markers at the rim stay whole; lines do not leave the frame by more than a marker.
    canvas.push_clip({layout.frame.x - 5, layout.frame.y - 9, layout.frame.width + 10, layout.frame.height + 14});
    draw_bars(canvas, scene, layout);
    for (std::size_t index = 0; index < scene.series.size(); ++index) {
        const Series& series = scene.series[index];
        const bool is_faint = scene.emphasised && *scene.emphasised != index;
        const Colour colour = is_faint ? series.colour.with_alpha(0.2f) : series.colour;
        if (!series.is_hidden) draw_series(canvas, scene, layout, series, colour);
    }
    for (const Annotation& annotation : scene.annotations) draw_annotation(canvas, scene, layout, annotation);
    canvas.pop_clip();
    draw_legend(canvas, scene, layout);
}

void draw_plot_hover(Canvas& canvas, const PlotScene& scene, const PlotLayout& layout, const PlotHit& hit) {
    const Series& series = scene.series[hit.series];
    const Rect& frame = layout.frame;
    const Colour cross = theme().text.with_alpha(0.35f);
    canvas.line({hit.at.x, frame.y}, {hit.at.x, frame.bottom()}, cross);
    canvas.line({frame.x, hit.at.y}, {frame.right(), hit.at.y}, cross);
    canvas.circle(hit.at, 6.5f, theme().text, 1.5f);
    draw_card(canvas, layout.whole, hit.at, series.name, series.colour, hover_lines(scene, hit.series, hit.sample));
}

void draw_card(Canvas& canvas, Rect bounds, Point at, std::string_view heading, Colour colour,
               std::span<const HoverLine> lines) {
    const Theme& t = theme();
    float label_width = 0, value_width = 0;
    for (const HoverLine& line : lines) {
        label_width = std::max(label_width, canvas.text_size(line.label, TextStyle::caption).x);
        value_width = std::max(value_width, canvas.text_size(line.value, TextStyle::number).x);
    }
    const float text_width =
        std::max(label_width + 16 + value_width, canvas.text_size(heading, TextStyle::title).x + 16);
    Rect card = {at.x + 16, at.y + 16, text_width + 24, float(lines.size()) * 20 + 40};
    if (card.right() > bounds.right()) card.x = std::max(bounds.x, at.x - 16 - card.width);
    if (card.bottom() > bounds.bottom()) card.y = std::max(bounds.y, at.y - 16 - card.height);
    canvas.filled_rectangle(card, t.raised, space::radius);
    canvas.rectangle(card, t.line, 1, space::radius);
    canvas.filled_circle({card.x + 17, card.y + 19}, 4, colour);
    canvas.text({card.x + 28, card.y + 11}, heading, TextStyle::title, t.text);
    float y = card.y + 34;
    for (const HoverLine& line : lines) {
        canvas.text({card.x + 12, y + 1}, line.label, TextStyle::caption, t.muted);
        canvas.text({card.right() - 12, y}, line.value, TextStyle::number, t.text, Align::right);
        y += 20;
    }
}

} // namespace dilascope
