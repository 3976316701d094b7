#include "views/heatmap_view.h"
#include "views/cell_facts.h"
#include "views/empty_state.h"
#include "views/figure_frame.h"
#include "views/fitted_text.h"
#include "views/head_chooser.h"
#include "views/matrix_hover.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <cmath>
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr std::int64_t pixels_max = 768; // of a side: enough for any panel, bounds the engine's work
constexpr double spinner_after_s = 0.4;  // of a picture that a newer request is replacing
constexpr int histogram_bins = 60;
constexpr float side_width = 220, side_gap = 28;
constexpr double value_pixels = 52; // cells at least so wide show their weight

Range grown(Range visible, std::int64_t count) {
    std::int64_t grid = 1; // a quarter of what is visible, as a power of two
    while (grid * 8 <= visible.size()) grid *= 2;
    return {visible.begin / grid * grid, std::min(count, (visible.end + grid - 1) / grid * grid)};
}

std::int64_t pixels_for(const Range& tokens, const MatrixFrame& frame, float scale) {
    const double pixels = std::round(double(tokens.size()) * frame.pixels_per_token * double(scale));
    return std::clamp<std::int64_t>(std::int64_t(std::min(pixels, 1e9)), 1, std::min(pixels_max, tokens.size()));
}

void draw_spinner(Canvas& canvas, Point centre, double time_s) {
    constexpr int steps = 24;
    std::vector<Point> arc;
    for (int step = 0; step <= steps; ++step) {
        const double angle = time_s * 5 + 4.4 * step / steps;
        arc.push_back({centre.x + 12 * float(std::cos(angle)), centre.y + 12 * float(std::sin(angle))});
    }
    canvas.polyline(arc, theme().accent, 2.5f);
}

void draw_weight_values(Canvas& canvas, const MatrixFrame& frame, const Heatmap& heatmap, const WeightRange& range) {
    if (frame.pixels_per_token < value_pixels) return;
    const Region cells = frame.visible();
    for (std::int64_t q = cells.q.begin; q < cells.q.end; ++q)
        for (std::int64_t k = cells.k.begin; k < cells.k.end; ++k) {
            const auto value = heatmap_value(heatmap, q, k);
            if (!value || !value->is_cell() || value->weight <= 0) continue;
            const bool bright = range_fraction(range, value->weight) > 0.6;
            const Colour ink = bright ? theme_of(ThemeMode::dark).window : theme_of(ThemeMode::dark).text;
            canvas.text({float(frame.x_of(double(k) + 0.5)), float(frame.y_of(double(q) + 0.5)) - 8},
                        format_significant(value->weight, 2), TextStyle::caption_number, ink, Align::centre);
        }
}

} // namespace

HeatmapRequest heatmap_request(std::int64_t head, const MatrixFrame& frame, float scale) {
    const Region visible = frame.visible();
    HeatmapRequest request;
    request.head = head;
    request.region = {grown(visible.q, frame.query_count), grown(visible.k, frame.key_count)};
    request.rows = pixels_for(request.region.q, frame, scale);
    request.columns = pixels_for(request.region.k, frame, scale);
    return request;
}

HeatmapView::HeatmapView()
    : overlays_([](const PictureRequest& request, const std::atomic<bool>& cancel) {
          return make_painted(request, &cancel);
      }) {}

// True when the shown heatmap answers what the workspace asks for now.
bool HeatmapView::take_heatmap(const Workspace& workspace) {
    const LiveResult* live = workspace.live.get();
    const bool is_new =
        live && live->heatmap && live->heatmap != heatmap_ &&
        live->heatmap->weights.size() == std::size_t(live->heatmap->request.rows * live->heatmap->request.columns);
    if (is_new) {
        heatmap_ = live->heatmap;
        statistics_ = weight_statistics(heatmap_->weights);
        if (is_fitted_) bar_.range = fitted_range(statistics_, bar_.range.is_log);
        bar_.axis = full_range(statistics_, bar_.range.is_log);
        repaint();
    }
    return heatmap_ && live && live->heatmap == heatmap_ && live->config == workspace.config &&
           heatmap_->request == workspace.heatmap;
}

void HeatmapView::repaint() {
    static std::uint64_t newest = 0;
    bar_.histogram = weight_histogram(heatmap_->weights, bar_.axis, histogram_bins);
    rgba_ = paint_weights(heatmap_->weights, bar_.range);
    image_version_ = ++newest;
}

void HeatmapView::draw(Workspace& workspace, Canvas& canvas) {
    const Problem& problem = workspace.problem;
    const Rect area = content_area(canvas);
    if (area.width < 120 || area.height < 80) return;
    const bool has_column = area.width >= 460;
    const float side = has_column ? side_gap + side_width : 0;
    const Rect viewport =
        matrix_viewport({area.x, area.y, area.width - side, area.height}, problem.seq_len, problem.kv_len);
    workspace.heatmap =
        heatmap_request(workspace.selection.head, frame_of(workspace.camera, problem.seq_len, problem.kv_len, viewport),
                        canvas.scale());
    const bool is_current = take_heatmap(workspace);
    is_complete_ = is_current || !workspace.live_enabled || !workspace.config_error.empty() ||
                   (workspace.live && !workspace.live->error.empty());
    if (!heatmap_ && draw_empty(workspace, canvas)) return;
    mouse_.handle(workspace, canvas, frame_of(workspace.camera, problem.seq_len, problem.kv_len, viewport),
                  "heatmap/matrix");
    const MatrixFrame frame = frame_of(workspace.camera, problem.seq_len, problem.kv_len, viewport);
    draw_picture(workspace, canvas, frame, !is_current && workspace.live_pending_s > stale_after_s);
    if (!is_current && workspace.live_pending_s > spinner_after_s)
        draw_spinner(canvas, {viewport.x + viewport.width / 2, viewport.y + viewport.height / 2}, ImGui::GetTime());
    if (has_column) draw_column(workspace, canvas, {viewport.right() + side_gap, area.y, side_width, area.height});
    draw_matrix_hover(canvas, workspace, frame, mouse_, area);
    draw_menu(workspace, frame);
}

bool HeatmapView::draw_empty(Workspace& workspace, Canvas& canvas) {
    if (!workspace.live_enabled) {
        if (empty_state(canvas, "The attention weights appear here once the live engine runs.", "", "heatmap/live",
                        "Turn live on"))
            workspace.live_enabled = true;
        return true;
    }
    if (workspace.live && !workspace.live->error.empty()) {
        if (empty_state(canvas, "The weights could not be computed.", workspace.live->error, "heatmap/copy_error",
                        "Copy details"))
            ImGui::SetClipboardText((workspace.live->error + "\n" + case_text(workspace.live->config)).c_str());
        return true;
    }
    return false;
}

void HeatmapView::draw_picture(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame, bool dimmed) {
    const Colour background = theme().window;
    canvas.filled_rectangle(frame.viewport, background);
    canvas.push_clip(frame.viewport);
    if (heatmap_) {
        const HeatmapRequest& request = heatmap_->request;
        const Image image{"heatmap/matrix", image_version_, int(request.columns), int(request.rows), rgba_};
        canvas.image(frame.rect_of(request.region), image);
        draw_cell_gaps(canvas, frame, background);
        if (has_overlay_) draw_overlay(workspace, canvas, frame);
        if (!dimmed) draw_weight_values(canvas, frame, *heatmap_, bar_.range);
    }
    if (dimmed) canvas.filled_rectangle(frame.viewport, background.with_alpha(0.5f));
    canvas.pop_clip();
    draw_matrix_axes(canvas, frame);
}

void HeatmapView::draw_overlay(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame) {
    static std::uint64_t newest = 0;
    PictureRequest request =
        picture_request(workspace.pattern, workspace.problem, workspace.selection.head, frame, canvas.scale());
    request.version = workspace.version;
    overlay_ = overlays_.ask(request);
    if (!overlay_) return;
    if (overlay_source_ != overlay_->image_version || overlay_painted_opacity_ != overlay_opacity_) {
        overlay_source_ = overlay_->image_version;
        overlay_painted_opacity_ = overlay_opacity_;
        overlay_version_ = ++newest;
        overlay_rgba_ = overlay_->rgba;
        for (std::uint32_t& pixel : overlay_rgba_)
            pixel = (pixel & 0xffffffu) | std::uint32_t(float(pixel >> 24) * overlay_opacity_ + 0.5f) << 24;
    }
    const PictureRequest& shown = overlay_->picture.request;
    canvas.image(frame.rect_of(shown.region),
                 {"heatmap/overlay", overlay_version_, int(shown.columns), int(shown.rows), overlay_rgba_});
}

void HeatmapView::draw_column(Workspace& workspace, Canvas& canvas, Rect column) {
    set_cursor(canvas, {column.x, column.y});
    head_chooser(workspace, canvas, "heatmap");
    float top = column.y + (workspace.problem.heads > 1 ? 32 : 0);
    if (heatmap_ && statistics_.positive_count > 0) {
        const Rect where{column.x + 4, top, column.width - 8, colour_bar_height};
        if (range_.draw(canvas, bar_, where, "heatmap/range")) is_fitted_ = false, repaint();
        top += colour_bar_height;
        set_cursor(canvas, {column.x, top});
        if (tick_box("heatmap/log", "Log", bar_.range.is_log)) {
            is_fitted_ = true;
            bar_.range = fitted_range(statistics_, bar_.range.is_log);
            bar_.axis = full_range(statistics_, bar_.range.is_log);
            repaint();
        }
        item_tooltip("Logarithmic colours");
        ImGui::SameLine();
        if (tick_box("heatmap/fit_range", "Auto range", is_fitted_) && is_fitted_) {
            bar_.range = fitted_range(statistics_, bar_.range.is_log);
            repaint();
        }
        item_tooltip("The range follows the weights in sight; drag an end of the bar to fix it");
        top += 30;
    }
    set_cursor(canvas, {column.x, top});
    tick_box("heatmap/overlay", "Pattern", has_overlay_);
    item_tooltip("Draw the pattern's branches over the weights");
    if (has_overlay_) {
        ImGui::SameLine();
        ImGui::SetNextItemWidth((column.width - 96) * canvas.scale());
        ImGui::SliderFloat("##overlay_opacity", &overlay_opacity_, 0.05f, 1, "opacity %.2f");
        mark_item("heatmap/overlay_opacity");
    }
    top += 30;
    if (!heatmap_ || top + 56 > column.bottom()) return;
    const HeatmapRequest& request = heatmap_->request;
    const bool exact = request.rows == request.region.q.size() && request.columns == request.region.k.size();
    const std::string note = exact ? "a pixel is one query and key" : "a pixel averages queries and sums keys";
    canvas.text({column.x, top + 4}, note, TextStyle::caption, theme().muted);
    if (workspace.live && !workspace.live->error.empty())
        draw_wrapped(canvas, "no newer picture: " + workspace.live->error, TextStyle::caption, theme().bad,
                     {column.x, top + 24, column.width, column.bottom() - top - 24});
}

void HeatmapView::draw_menu(Workspace& workspace, const MatrixFrame& frame) {
    if (mouse_.take_menu_request()) ImGui::OpenPopup("heatmap/menu");
    if (!ImGui::BeginPopup("heatmap/menu")) return;
    const Selection& at = workspace.selection;
    const CellFacts facts = cell_facts(workspace, at.picked_q, at.picked_k);
    if (ImGui::MenuItem("Copy value", nullptr, false, facts.weight.has_value()))
        ImGui::SetClipboardText(format_plain(facts.weight->weight).c_str());
    mark_item("heatmap/menu/copy_value");
    if (ImGui::MenuItem("Copy cell")) ImGui::SetClipboardText(facts_text(facts, workspace.pattern).c_str());
    if (ImGui::MenuItem("Zoom to this cell")) go_to(workspace.camera, frame, at.picked_q, at.picked_k, 24);
    if (ImGui::MenuItem("Fit")) workspace.camera = MatrixCamera{};
    if (ImGui::MenuItem("Go to…", "Ctrl+G")) workspace.commands.push_back("go/cell");
    ImGui::Separator();
    if (ImGui::MenuItem("Copy image", "Ctrl+Shift+C")) workspace.commands.push_back("file/copy_image");
    if (ImGui::MenuItem("Export…", "Ctrl+E")) workspace.commands.push_back("file/export");
    ImGui::EndPopup();
}

bool HeatmapView::draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) {
    const Problem& problem = workspace.problem;
    const std::string input = workspace.tensors_label.empty() ? workspace.config.input : workspace.tensors_label;
    const std::string subtitle =
        head_text(workspace.selection.head, problem) + " · " + input + " · query down, key across";
    const Rect area = draw_figure_frame(canvas, figure, "Attention weights", subtitle, workspace.config);
    const bool has_column = area.width >= 460;
    const Rect room{area.x, area.y, area.width - (has_column ? side_gap + side_width : 0), area.height};
    const Rect viewport = matrix_viewport(room, problem.seq_len, problem.kv_len);
    const MatrixFrame frame = frame_of(workspace.camera, problem.seq_len, problem.kv_len, viewport);
    take_heatmap(workspace);
    draw_picture(workspace, canvas, frame, false);
    if (!heatmap_ || statistics_.positive_count == 0) {
        canvas.text({viewport.x + viewport.width / 2, viewport.y + viewport.height / 2}, "no weights computed yet",
                    TextStyle::body, theme().muted, Align::centre);
        return true;
    }
    if (has_column) draw_colour_bar(canvas, bar_, {viewport.right() + side_gap, area.y, side_width, colour_bar_height});
    return true;
}

} // namespace dilascope
