#include "views/range_control.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/view.h"
#include "views/widgets.h"
#include <cmath>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr float range_caption_height = 18, histogram_height = 28, bar_height = 12, end_height = 9;

Rect bar_rect(Rect where) {
    return {where.x, where.y + range_caption_height + histogram_height + 2, where.width, bar_height};
}

float end_x(const ColourBar& bar, Rect where, double weight) {
    return where.x + where.width * float(std::clamp(range_fraction(bar.axis, weight), 0.0, 1.0));
}

void draw_end(Canvas& canvas, float x, float top, Colour colour) {
    const Point corners[] = {{x, top}, {x + 5, top + end_height}, {x - 5, top + end_height}};
    canvas.polygon(corners, colour);
}

} // namespace

void draw_colour_bar(Canvas& canvas, const ColourBar& bar, Rect where) {
    const Theme& colours = theme();
    const Rect strip = bar_rect(where);
    canvas.text({where.x, where.y}, bar.range.is_log ? "weight, log scale" : "weight", TextStyle::caption,
                colours.muted);
    int most = 1;
    for (const int count : bar.histogram) most = std::max(most, count);
    const float width = where.width / float(std::max<std::size_t>(1, bar.histogram.size()));
    for (std::size_t bin = 0; bin < bar.histogram.size(); ++bin) {
        if (bar.histogram[bin] == 0) continue;
        const float height = std::max(1.f, histogram_height * std::sqrt(float(bar.histogram[bin]) / float(most)));
        canvas.filled_rectangle({where.x + width * float(bin), strip.y - 2 - height, std::max(1.f, width - 1), height},
                                colours.muted.with_alpha(0.5f));
    }
    constexpr float step = 2;
    for (float x = 0; x < where.width; x += step) {
        const double weight = range_weight(bar.axis, double(x) / double(where.width));
        const double fraction = range_fraction(bar.range, weight);
        canvas.filled_rectangle({strip.x + x, strip.y, std::min(step, where.width - x), strip.height},
                                map_colour(ColourMap::viridis, float(std::clamp(fraction, 0.0, 1.0))));
    }
    const float low = end_x(bar, where, bar.range.low), high = end_x(bar, where, bar.range.high);
    draw_end(canvas, low, strip.bottom() + 1, colours.text);
    draw_end(canvas, high, strip.bottom() + 1, colours.text);
    const float text_top = strip.bottom() + end_height + 3;
    canvas.text({where.x, text_top}, format_significant(bar.range.low, 3), TextStyle::caption_number, colours.muted);
    canvas.text({where.right(), text_top}, format_significant(bar.range.high, 3), TextStyle::caption_number,
                colours.muted, Align::right);
}

bool RangeControl::draw(Canvas& canvas, ColourBar& bar, Rect where, const char* id) {
    draw_colour_bar(canvas, bar, where);
    const Rect strip = bar_rect(where);
    const float middle = (end_x(bar, where, bar.range.low) + end_x(bar, where, bar.range.high)) / 2;
    bool changed = false;
    const auto drag_end = [&](const char* part, double& weight, bool is_low) {
        // Each end owns the bar up to the middle between both, so that it can be grabbed anywhere on its side.
        const float x = end_x(bar, where, weight);
        const float left = is_low ? where.x - 8 : std::max(middle, x - 12),
                    right = is_low ? std::min(middle, x + 12) : where.right() + 8;
        set_cursor(canvas, {left, strip.y});
        const std::string name = std::string(id) + "/" + part;
        ImGui::InvisibleButton(name.c_str(), {std::max(1.f, right - left) * canvas.scale(),
                                              (bar_height + end_height + 2) * canvas.scale()});
        mark_item(name.c_str());
        if (ImGui::IsItemHovered() || ImGui::IsItemActive()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
        if (!ImGui::IsItemActive() || !ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1)) return;
        const float mouse = canvas.from_screen({ImGui::GetIO().MousePos.x, 0}).x;
        const double share = std::clamp(double(mouse - where.x) / double(where.width), 0.0, 1.0);
        constexpr double gap = 0.02; // of the bar, that the ends keep apart
        const double other = range_fraction(bar.axis, is_low ? bar.range.high : bar.range.low);
        weight = range_weight(bar.axis, is_low ? std::min(share, other - gap) : std::max(share, other + gap));
        changed = true;
    };
    drag_end("low", bar.range.low, true);
    drag_end("high", bar.range.high, false);
    return changed;
}

} // namespace dilascope
