#include "views/timing_view.h"
#include "views/empty_state.h"
#include "views/figure_frame.h"
#include "views/fitted_text.h"
#include "views/live_strip.h"
#include "views/number_format.h"
#include "views/plot_draw.h"
#include "views/theme.h"
#include "views/widgets.h"

#include <cmath>
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {
namespace {

constexpr double curves_wait_ms = 2; // for the curves, before the frame goes on with the last ones
constexpr std::size_t history_length = 128;
constexpr float live_width_min = 290, live_height = 26, bars_width = 120; // logical pixels of the live strip
const std::atomic<bool> never = false;

std::string scope_text(const TimingRequest& request, const TimingPicture& picture) {
    std::string text = format_count(picture.run_count);
    text += picture.run_count == 1 ? " run" : " runs";
    text += request.selected.empty() ? ", the newest of each case" : ", selected";
    if (picture.series_left_out > 0)
        text += fmt::format(" · {} older curves left out", format_count(picture.series_left_out));
    return text;
}

bool has_curves(const PlotScene& scene) { return !scene.series.empty() || !scene.annotations.empty(); }

} // namespace

TimingView::TimingView() : pictures_(make_timing_picture) {}

void TimingView::draw(Workspace& workspace, Canvas& canvas) {
    update_request(workspace);
    remember_live(workspace);
    if (scene_is_old_) update_scene();
    if (!has_curves(scene_)) {
        const bool nothing_timed = !request_.selected.empty();
        if (nothing_timed &&
            empty_state(canvas, "None of the selected runs was timed.", "", "timing/deselect", "Show all runs"))
            workspace.selection.run_ids.clear();
        if (!nothing_timed && empty_state(canvas, "Curves of stored timings will appear here.", workspace.store_status,
                                          "timing/start", "Run and save this configuration"))
            workspace.run_requested = true;
        return;
    }
    draw_toolbar(workspace, canvas);
    const Rect area = content_area(canvas);
    if (area.width < 120 || area.height < 90) return;
    apply_camera(camera_, scene_);
    const PlotLayout layout = layout_plot(scene_, canvas, area);
    const PlotInput input = read_plot_input("timing/plot", canvas, layout);
    mark_item("timing/plot");
    scene_.emphasised = input.hovered ? legend_series_at(layout, input.mouse) : std::nullopt;
    draw_plot(canvas, scene_, layout);
    if (scene_.emphasised) item_tooltip(scene_.series[*scene_.emphasised].detail);
    const auto hit = input.hovered && !input.box_from ? nearest_sample(scene_, layout, input.mouse) : std::nullopt;
    if (hit) draw_plot_hover(canvas, scene_, layout, *hit);
    draw_zoom_box(canvas, layout, input);
    if (input.menu) {
        menu_value_ = std::nullopt;
        if (hit) menu_value_ = hover_lines(scene_, hit->series, hit->sample)[1];
        ImGui::OpenPopup("timing/menu");
    }
    draw_menu();
    update_camera(camera_, scene_, layout, input);
}

void TimingView::update_request(const Workspace& workspace) {
    request_.runs = workspace.runs;
    request_.selected = workspace.selection.run_ids;
    const auto newest = pictures_.ask(request_, curves_wait_ms);
    is_complete_ = newest && newest->request == request_;
    if (newest == picture_) return;
    picture_ = newest;
    scene_is_old_ = true;
}

void TimingView::remember_live(const Workspace& workspace) {
    if (!workspace.live || !workspace.live->error.empty() || !(workspace.live->time_ms_median > 0)) return;
    const bool is_told = !history_.empty() && history_.back().generation == workspace.live->generation;
    if (is_told && history_.back().times_ms == workspace.live->times_ms) return;
    if (is_told) history_.pop_back(); // its first times, which are better now
    history_.push_back(live_timing(*workspace.live));
    if (history_.size() > history_length) history_.erase(history_.begin());
    scene_is_old_ = true;
}

void TimingView::update_scene() {
    TimingRequest no_runs = request_; // until the first picture is made: its axes
    no_runs.runs = nullptr;
    scene_ = (picture_ ? *picture_ : make_timing_picture(no_runs, never)).scene;
    add_live(scene_, request_, history_);
    scene_is_old_ = false;
}

void TimingView::draw_toolbar(Workspace& workspace, Canvas& canvas) {
    const Rect area = content_area(canvas);
    ImGui::BeginGroup();
    draw_axis_choice();
    ImGui::SameLine();
    bool throughput = request_.measure == TimingMeasure::throughput;
    if (tick_box("timing/throughput", "GFLOP/s", throughput)) {
        request_.measure = throughput ? TimingMeasure::throughput : TimingMeasure::time;
        camera_.y.reset();
    }
    item_tooltip("Useful matmul GFLOP/s instead of time");
    ImGui::SameLine();
    if (tick_box("timing/log_x", "log x", request_.log_x)) camera_.x.reset();
    ImGui::SameLine();
    if (tick_box("timing/log_y", "log y", request_.log_y)) camera_.y.reset();
    if (picture_) {
        ImGui::SameLine(0, space::padding * canvas.scale());
        ImGui::AlignTextToFramePadding();
        text_line(scope_text(request_, *picture_), TextStyle::caption, theme().muted);
        item_tooltip(picture_->common);
        if (!request_.selected.empty()) {
            ImGui::SameLine();
            if (text_button("timing/deselect", "Show all")) workspace.selection.run_ids.clear();
        }
    }
    ImGui::EndGroup();
    const ImVec2 end = ImGui::GetItemRectMax();
    const float used = canvas.from_screen({end.x, end.y}).x - area.x;
    if (area.width - used > live_width_min) {
        draw_live(workspace, canvas, {area.x + used + 24, area.y, area.width - used - 24, live_height});
    } else {
        draw_live(workspace, canvas, {area.x, content_area(canvas).y, area.width, live_height});
        ImGui::Dummy({0, live_height * canvas.scale()});
    }
    ImGui::Dummy({0, space::grid * canvas.scale()});
}

// Right-aligned: bars of the last timings, the newest time, and what it says against the one before.
void TimingView::draw_live(const Workspace& workspace, Canvas& canvas, Rect area) const {
    const Theme& t = theme();
    std::string words = live_change_text(history_);
    Colour colour = t.muted;
    if (workspace.live && !workspace.live->error.empty()) {
        words = workspace.live->error;
        colour = t.bad;
    } else if (!workspace.live_enabled) {
        words = "live is off";
    } else if (workspace.live_pending_s > 0.4) {
        words = fmt::format("measuring… {}", format_time_ms(std::round(workspace.live_pending_s * 10) * 100).joined());
        colour = t.accent;
    }
    words = shortened(canvas, words, TextStyle::caption, area.width * 0.55f);
    const float middle = area.y + area.height / 2;
    canvas.text({area.right(), middle - 7}, words, TextStyle::caption, colour, Align::right);
    if (history_.empty()) return;
    float right = area.right() - (words.empty() ? 0 : canvas.text_size(words, TextStyle::caption).x + space::padding);
    const NumberText time = format_time_ms(history_.back().time_ms);
    canvas.text({right, middle - 7}, time.unit, TextStyle::caption, t.muted, Align::right);
    right -= canvas.text_size(time.unit, TextStyle::caption).x + 5;
    canvas.text({right, middle - 11}, time.number, TextStyle::headline, t.accent, Align::right);
    right -= canvas.text_size(time.number, TextStyle::headline).x + space::padding;
    const Rect bars = {std::max(area.x, right - bars_width), area.y + 2, 0, area.height - 4};
    if (right - bars.x > 20) draw_live_bars(canvas, {bars.x, bars.y, right - bars.x, bars.height}, history_);
}

void TimingView::draw_axis_choice() {
    ImGui::SetNextItemWidth(ImGui::GetFontSize() * 9);
    if (ImGui::BeginCombo("##axis", ("over " + request_.axis).c_str())) {
        for (const AxisChoice& choice : picture_ ? picture_->axes : std::vector<AxisChoice>()) {
            const std::string label =
                choice.value_count > 1 ? fmt::format("{}  ({} values)", choice.name, choice.value_count) : choice.name;
            if (!ImGui::Selectable(label.c_str(), choice.name == request_.axis)) continue;
            request_.axis = choice.name;
            camera_.x.reset();
        }
        ImGui::EndCombo();
    }
    mark_item("timing/axis");
    item_tooltip("The number that runs along the plot; everything else that differs makes a curve of its own");
}

void TimingView::draw_menu() {
    if (!ImGui::BeginPopup("timing/menu")) return;
    if (menu_value_ && ImGui::MenuItem(("Copy " + menu_value_->value).c_str()))
        ImGui::SetClipboardText(menu_value_->value.c_str());
    if (ImGui::MenuItem("Fit", "double click")) camera_.x = camera_.y = std::nullopt;
    if (ImGui::MenuItem("Show every curve", nullptr, false, !camera_.hidden.empty())) camera_.hidden.clear();
    ImGui::EndPopup();
}

bool TimingView::draw_figure(const Workspace& workspace, Canvas& canvas, Rect rect) {
    TimingRequest request = request_;
    request.runs = workspace.runs;
    request.selected = workspace.selection.run_ids;
    const TimingPicture picture = make_timing_picture(request, never);
    PlotScene scene = picture.scene;
    std::vector<LiveTiming> live;
    if (workspace.live && workspace.live->error.empty() && workspace.live->time_ms_median > 0)
        live.push_back(live_timing(*workspace.live));
    add_live(scene, request, live);
    apply_camera(camera_, scene);
    const std::string subtitle = scope_text(request, picture) + (picture.common.empty() ? "" : " · " + picture.common);
    const Rect area = draw_figure_frame(canvas, rect, "Timing", subtitle, workspace.config);
    draw_plot(canvas, scene, layout_plot(scene, canvas, area));
    return true;
}

} // namespace dilascope
