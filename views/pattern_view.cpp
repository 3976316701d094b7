#include "views/pattern_view.h"
#include "views/cell_facts.h"
#include "views/figure_frame.h"
#include "views/head_chooser.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr double wait_ms = 3;                // for a picture, before the frame goes on without it
constexpr double dim_after_s = 0.15;         // a picture that is still not the wanted one
constexpr std::int64_t preview_pixels = 160; // side of the coarse picture shown when the last one is of another pattern
constexpr float toolbar_height = 32;

std::string shape_text(const Problem& problem) {
    return fmt::format("{} × {} tokens{}", format_count(problem.seq_len), format_count(problem.kv_len),
                       problem.causal ? " · causal" : "");
}

PaintedPicture paint_for_job(const PictureRequest& request, const std::atomic<bool>& cancel) {
    return make_painted(request, &cancel);
}

bool shows_same_pattern(const PaintedPicture& painted, const PictureRequest& request) {
    const PictureRequest& shown = painted.picture.request;
    return shown.version == request.version && shown.head == request.head && shown.only_branch == request.only_branch;
}

PictureRequest map_request(const Workspace& workspace, Rect map, float scale, int only_branch) {
    PictureRequest request;
    request.version = workspace.version;
    request.pattern = workspace.pattern;
    request.problem = workspace.problem;
    request.head = workspace.selection.head;
    request.region = whole_matrix(workspace.problem);
    request.rows = std::clamp<std::int64_t>(std::int64_t(map.height * scale), 1, workspace.problem.seq_len);
    request.columns = std::clamp<std::int64_t>(std::int64_t(map.width * scale), 1, workspace.problem.kv_len);
    request.only_branch = only_branch;
    return request;
}

PictureRequest coarse(PictureRequest request) {
    request.rows = std::min(request.rows, preview_pixels);
    request.columns = std::min(request.columns, preview_pixels);
    return request;
}

} // namespace

PatternView::PatternView() : pictures_(paint_for_job), maps_(paint_for_job) {}

void PatternView::update_picture(const Workspace& workspace, const MatrixFrame& frame, float scale) {
    PictureRequest request =
        picture_request(workspace.pattern, workspace.problem, workspace.selection.head, frame, scale);
    request.version = workspace.version;
    request.only_branch = only_branch_;
    is_complete_ = shown_ && shown_->picture.request == request;
    if (is_complete_) return;
    const auto newest = pictures_.ask(request, wait_ms);
    if (newest && shows_same_pattern(*newest, request))
        shown_ = newest;
    else if (!shown_ || !shows_same_pattern(*shown_, request))
        shown_ = std::make_shared<PaintedPicture>(make_painted(coarse(request)));
    is_complete_ = shown_->picture.request == request;
}

void PatternView::draw(Workspace& workspace, Canvas& canvas) {
    const Problem& problem = workspace.problem;
    if (only_branch_ >= branch_count(workspace.pattern)) only_branch_ = -1;
    Rect area = content_area(canvas);
    draw_toolbar(workspace, canvas);
    area = {area.x, area.y + toolbar_height, area.width, area.height - toolbar_height};
    if (area.width < 120 || area.height < 80) return;
    const PatternLayout layout = layout_pattern(area, problem.seq_len, problem.kv_len);
    mouse_.handle(workspace, canvas, frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport),
                  "pattern/matrix");
    const MatrixFrame frame = frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport);
    update_picture(workspace, frame, canvas.scale());
    const PatternScene scene{*shown_, frame, !is_complete_ && pictures_.pending_s() > dim_after_s};
    draw_matrix(canvas, scene);
    draw_keys_strip(canvas, scene, layout.strip);
    if (layout.strip.width > 0) {
        set_cursor(canvas, {layout.strip.x, layout.strip.y});
        ImGui::InvisibleButton("pattern/strip",
                               {layout.strip.width * canvas.scale(), layout.strip.height * canvas.scale()});
        mark_item("pattern/strip");
        item_tooltip("Distinct keys of a query in the whole matrix, mean over the queries of each pixel row");
    }
    draw_column(workspace, canvas, layout.column, frame);
    draw_picked_cell(canvas, frame, workspace.selection.picked_q, workspace.selection.picked_k);
    if (workspace.selection.hovered) draw_crosshair(canvas, frame, workspace.selection.q, workspace.selection.k);
    mouse_.draw_box(canvas);
    if (mouse_.hovered())
        draw_cell_card(canvas, cell_facts(workspace, workspace.selection.q, workspace.selection.k), workspace.pattern,
                       mouse_.mouse(), area);
    draw_menu(workspace, frame);
}

void PatternView::draw_toolbar(Workspace& workspace, Canvas& canvas) {
    const Rect area = content_area(canvas);
    const Theme& colours = theme();
    canvas.text({area.x, area.y + 2}, "Pattern", TextStyle::title, colours.text);
    float left = area.x + canvas.text_size("Pattern", TextStyle::title).x + 12;
    if (workspace.problem.heads > 1) {
        set_cursor(canvas, {left, area.y});
        left = head_chooser(workspace, canvas, "pattern") + 12;
    }
    const std::string shape = shape_text(workspace.problem);
    const float fit_left = area.right() - 44;
    canvas.push_clip({area.x, area.y, std::max(0.f, fit_left - 8 - area.x), toolbar_height});
    canvas.text({left, area.y + 4}, shape, TextStyle::caption, colours.muted);
    canvas.pop_clip();
    if (workspace.camera.fitted) return;
    set_cursor(canvas, {fit_left, area.y});
    if (text_button("pattern/fit", "Fit", ButtonKind::plain, 44 * canvas.scale())) workspace.camera = MatrixCamera{};
    item_tooltip("Show the whole matrix (double-click)");
}

// Legend entries show their branch alone when clicked; the map moves the camera.
void PatternView::draw_column(Workspace& workspace, Canvas& canvas, Rect column, const MatrixFrame& frame) {
    if (column.width <= 0) return;
    const int count = branch_count(workspace.pattern);
    for (int branch = 0; branch < count && count > 1; ++branch) {
        set_cursor(canvas, {column.x, column.y + legend_header + legend_row * float(branch)});
        const std::string id = "pattern/branch/" + std::to_string(branch);
        if (ImGui::InvisibleButton(id.c_str(), {column.width * canvas.scale(), legend_row * canvas.scale()}))
            only_branch_ = only_branch_ == branch ? -1 : branch;
        mark_item(id.c_str());
        item_tooltip(only_branch_ == branch ? "Show all branches"
                                            : "Segment length / rate. Click to show this branch alone");
    }
    const float used = draw_legend(canvas, workspace.pattern, column, only_branch_, frame.pixels_per_token);
    const Rect map = map_rect(column, workspace.problem.seq_len, workspace.problem.kv_len);
    if (column.y + used + 28 > map.y) return; // no room
    const PictureRequest request = map_request(workspace, map, canvas.scale(), only_branch_);
    if (!map_ || !(map_->picture.request == request)) map_ = maps_.ask(request, 1);
    if (!map_) return;
    is_complete_ = is_complete_ && map_->picture.request == request;
    set_cursor(canvas, {map.x, map.y});
    ImGui::InvisibleButton("pattern/map", {map.width * canvas.scale(), map.height * canvas.scale()});
    mark_item("pattern/map");
    if (ImGui::IsItemActive() && !workspace.camera.fitted) {
        const ImVec2 screen = ImGui::GetIO().MousePos;
        const Point mouse = canvas.from_screen({screen.x, screen.y});
        go_to(workspace.camera, frame, std::int64_t(double(mouse.y - map.y) / map.height * double(frame.query_count)),
              std::int64_t(double(mouse.x - map.x) / map.width * double(frame.key_count)));
    }
    draw_map(canvas, *map_, map, frame);
}

void PatternView::draw_menu(Workspace& workspace, const MatrixFrame& frame) {
    if (mouse_.take_menu_request()) ImGui::OpenPopup("pattern/menu");
    if (!ImGui::BeginPopup("pattern/menu")) return;
    const Selection& at = workspace.selection;
    const Region region = frame.visible();
    if (ImGui::MenuItem("Copy value")) {
        const CellFacts facts = cell_facts(workspace, at.picked_q, at.picked_k);
        ImGui::SetClipboardText(facts_text(facts, workspace.pattern).c_str());
    }
    mark_item("pattern/menu/copy_value");
    if (ImGui::MenuItem("Copy region")) {
        const std::int64_t pairs = count_pairs(workspace.pattern, workspace.problem, at.head, region);
        ImGui::SetClipboardText(fmt::format("{}:{},{}:{} head {} active_pairs {}", region.q.begin, region.q.end,
                                            region.k.begin, region.k.end, at.head, pairs)
                                    .c_str());
    }
    mark_item("pattern/menu/copy_region");
    item_tooltip("The visible region as `dilascope pattern --region` takes it, with its exact pair count");
    ImGui::Separator();
    if (ImGui::MenuItem("Zoom to this cell")) go_to(workspace.camera, frame, at.picked_q, at.picked_k, 24);
    mark_item("pattern/menu/zoom");
    if (ImGui::MenuItem("Fit")) workspace.camera = MatrixCamera{};
    if (ImGui::MenuItem("Go to…", "Ctrl+G")) workspace.commands.push_back("go/cell");
    ImGui::Separator();
    if (ImGui::MenuItem("Export…", "Ctrl+E")) workspace.commands.push_back("file/export");
    mark_item("pattern/menu/export");
    ImGui::EndPopup();
}

bool PatternView::draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) {
    const Problem& problem = workspace.problem;
    const std::string subtitle =
        head_text(workspace.selection.head, problem) + " · " + shape_text(problem) + " · query down, key across";
    const Rect area = draw_figure_frame(canvas, figure, "Pattern", subtitle, workspace.config);
    const PatternLayout layout = layout_pattern(area, problem.seq_len, problem.kv_len);
    const MatrixFrame frame = frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport);
    PictureRequest request =
        picture_request(workspace.pattern, problem, workspace.selection.head, frame, canvas.scale());
    request.only_branch = only_branch_ < branch_count(workspace.pattern) ? only_branch_ : -1;
    const PaintedPicture painted = make_painted(request);
    const PatternScene scene{painted, frame};
    draw_matrix(canvas, scene);
    draw_keys_strip(canvas, scene, layout.strip);
    const float used =
        draw_legend(canvas, workspace.pattern, layout.column, request.only_branch, frame.pixels_per_token);
    const Rect map = map_rect(layout.column, problem.seq_len, problem.kv_len);
    if (workspace.camera.fitted || layout.column.width <= 0 || layout.column.y + used + 28 > map.y) return true;
    request = map_request(workspace, map, canvas.scale(), request.only_branch);
    draw_map(canvas, make_painted(request), map, frame);
    return true;
}

} // namespace dilascope
