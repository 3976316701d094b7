#include "views/plot_interaction.h"
#include "views/theme.h"

#include <cmath>
#include <imgui.h>
#include <imgui_internal.h> // SetItemUsingMouseWheel

namespace dilascope {
namespace {

// The interval between two fractions of the axis, unless it would be too narrow or too wide to be shown well.
std::optional<Interval> part(const Axis& axis, double from, double to) {
    const Interval interval = {axis_value(axis, std::min(from, to)), axis_value(axis, std::max(from, to))};
    const double magnitude = std::max(std::abs(interval.min), std::abs(interval.max));
    const bool narrow = !(interval.max - interval.min > magnitude * 1e-9);
    const bool wide = !std::isfinite(interval.max - interval.min) || magnitude > 1e18 ||
                      (axis.scale != AxisScale::linear && interval.min < 1e-15);
    if (narrow || wide) return std::nullopt;
    return interval;
}

void change(std::optional<Interval>& camera, const Axis& axis, double from, double to) {
    if (const auto interval = part(axis, from, to)) camera = interval;
}

Point fraction_at(const PlotLayout& layout, Point p) {
    return {(p.x - layout.frame.x) / layout.frame.width, (layout.frame.bottom() - p.y) / layout.frame.height};
}

void zoom(PlotCamera& camera, const PlotScene& scene, const PlotLayout& layout, const PlotInput& input) {
    const Point at = fraction_at(layout, input.mouse);
    const double shrink = std::pow(1.2, -input.wheel);
    const bool over_x_axis = at.y < 0, over_y_axis = at.x < 0;
    if (at.x > 1 || at.y > 1 || (over_x_axis && over_y_axis)) return;
    if (!over_y_axis) change(camera.x, scene.x, at.x * (1 - shrink), at.x + (1 - at.x) * shrink);
    if (!over_x_axis) change(camera.y, scene.y, at.y * (1 - shrink), at.y + (1 - at.y) * shrink);
}

void toggle(PlotCamera& camera, const PlotScene& scene, const std::string& name, bool solo) {
    if (!solo) {
        if (camera.hidden.erase(name) == 0) camera.hidden.insert(name);
        return;
    }
    std::set<std::string> others;
    for (const Series& series : scene.series)
        if (series.name != name) others.insert(series.name);
    camera.hidden = camera.hidden == others ? std::set<std::string>{} : others; // once more shows all again
}

} // namespace

void apply_camera(const PlotCamera& camera, PlotScene& scene) {
    for (Series& series : scene.series) series.is_hidden = camera.hidden.contains(series.name);
    fit_axes(scene);
    if (camera.x) scene.x.min = camera.x->min, scene.x.max = camera.x->max;
    if (camera.y) scene.y.min = camera.y->min, scene.y.max = camera.y->max;
}

void update_camera(PlotCamera& camera, const PlotScene& scene, const PlotLayout& layout, const PlotInput& input) {
    if (input.fit) {
        camera.x = camera.y = std::nullopt;
        return;
    }
    if (input.hovered && input.wheel != 0) zoom(camera, scene, layout, input);
    if (input.drag.x != 0 || input.drag.y != 0) {
        const double dx = input.drag.x / layout.frame.width, dy = input.drag.y / layout.frame.height;
        change(camera.x, scene.x, -dx, 1 - dx);
        change(camera.y, scene.y, dy, 1 + dy);
    }
    if (input.box_done && input.box_from) {
        const Point a = fraction_at(layout, *input.box_from), b = fraction_at(layout, input.mouse);
        if (std::abs(input.box_from->x - input.mouse.x) > drag_threshold) change(camera.x, scene.x, a.x, b.x);
        if (std::abs(input.box_from->y - input.mouse.y) > drag_threshold) change(camera.y, scene.y, a.y, b.y);
    }
    if (!input.clicked) return;
    if (const auto series = legend_series_at(layout, input.mouse))
        toggle(camera, scene, scene.series[*series].name, input.solo);
}

PlotInput read_plot_input(const char* id, const Canvas& canvas, const PlotLayout& layout) {
    const float scale = canvas.scale();
    const Point zero = canvas.from_screen({0, 0});
    const Rect& whole = layout.whole;
    ImGui::SetCursorScreenPos({(whole.x - zero.x) * scale, (whole.y - zero.y) * scale});
    ImGui::InvisibleButton(id, {std::max(1.f, whole.width * scale), std::max(1.f, whole.height * scale)},
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
    const ImGuiIO& io = ImGui::GetIO();
    PlotInput input;
    input.mouse = canvas.from_screen({io.MousePos.x, io.MousePos.y});
    input.hovered = ImGui::IsItemHovered();
    if (input.hovered) {
        ImGui::SetItemUsingMouseWheel();
        input.wheel = io.MouseWheel;
        input.fit = ImGui::IsMouseDoubleClicked(0);
    }
    input.solo = io.KeyCtrl;
    const bool owned = ImGui::IsItemActive() || ImGui::IsItemDeactivated();
    const auto travelled = [&](int button) { return std::sqrt(io.MouseDragMaxDistanceSqr[button]) / scale; };
    const auto pressed_at = [&](int button) {
        return canvas.from_screen({io.MouseClickedPos[button].x, io.MouseClickedPos[button].y});
    };
    if (!owned) return input;
    const bool moved_left = travelled(0) > drag_threshold, moved_right = travelled(1) > drag_threshold;
    if (io.MouseDown[0] && moved_left && layout.frame.contains(pressed_at(0)))
        input.drag = {io.MouseDelta.x / scale, io.MouseDelta.y / scale};
    input.clicked = io.MouseReleased[0] && !moved_left;
    input.menu = io.MouseReleased[1] && !moved_right;
    if (moved_right && (io.MouseDown[1] || io.MouseReleased[1]) && layout.frame.contains(pressed_at(1))) {
        input.box_from = pressed_at(1);
        input.box_done = io.MouseReleased[1];
    }
    return input;
}

void draw_zoom_box(Canvas& canvas, const PlotLayout& layout, const PlotInput& input) {
    if (!input.box_from || input.box_done) return;
    const auto inside = [&](Point p) {
        return Point{std::clamp(p.x, layout.frame.x, layout.frame.right()),
                     std::clamp(p.y, layout.frame.y, layout.frame.bottom())};
    };
    const Point a = inside(*input.box_from), b = inside(input.mouse);
    const Rect box = {std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x), std::abs(a.y - b.y)};
    canvas.filled_rectangle(box, theme().accent.with_alpha(0.12f));
    canvas.rectangle(box, theme().accent);
}

} // namespace dilascope
