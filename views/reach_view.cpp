#include "views/reach_view.h"
#include "engine/pattern/pattern_text.h"
#include "views/figure_frame.h"
#include "views/fitted_text.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/plot_draw.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr int layers_max = 12;

// The whole matrix, whatever part the other views look at.
MatrixFrame frame_in(const Problem& problem, Rect space) {
    return frame_of(MatrixCamera{}, problem.seq_len, problem.kv_len,
                    matrix_viewport(space, problem.seq_len, problem.kv_len));
}

std::string depth_text(std::int32_t depth) {
    if (depth == DepthPixel::never) return "never";
    return depth < 0 ? "not allowed" : std::to_string(depth);
}

void jump_to(Workspace& workspace, const ReachJump& jump) {
    workspace.pick(jump.q, jump.k);
    MatrixCamera& camera = workspace.camera;
    camera.q_centre = double(workspace.selection.picked_q);
    camera.k_centre = double(workspace.selection.picked_k);
    const double span = double(std::max<std::int64_t>(64, 4 * jump.size));
    camera.fitted = span >= double(workspace.problem.seq_len);
    camera.span = span;
}

} // namespace

ReachView::ReachView() : job_(analyse_reach, JobPace::later) {}

void ReachView::update(const Workspace& workspace) {
    ReachRequest request;
    request.version = workspace.version, request.pattern = workspace.pattern, request.problem = workspace.problem;
    request.head = workspace.selection.head, request.layers = layers_;
    if (alternates_ && workspace.has_a()) request.other = workspace.compare_pattern;
    const auto newest = job_.ask(request);
    is_complete_ = newest && newest->request == request;
    const int mode = int(theme().mode);
    if (!newest || (newest == answer_ && painted_theme_ == mode)) return;
    static std::uint64_t version = 0;
    answer_ = newest;
    painted_theme_ = mode;
    rows_ = reach_rows(*answer_);
    rgba_ = paint_depths(*answer_);
    image_version_ = ++version;
}

void ReachView::draw(Workspace& workspace, Canvas& canvas) {
    update(workspace);
    draw_controls(workspace, canvas);
    const Rect area = content_area(canvas);
    if (area.width < 120 || area.height < 80) return;
    if (!answer_) {
        canvas.text({area.x, area.y}, "computing …", TextStyle::body, theme().muted);
        return;
    }
    const ReachLayout layout = layout_reach(area);
    const MatrixFrame frame = frame_in(workspace.problem, layout.matrix);
    draw_map(workspace.problem, canvas, layout, frame);
    draw_picked_cell(canvas, frame, workspace.selection.q, workspace.selection.k);
    draw_coverage(canvas, layout.plot);
    draw_rows(workspace, canvas, layout.rows);
    draw_map_hover(workspace, canvas, frame);
}

void ReachView::draw_controls(const Workspace& workspace, const Canvas& canvas) {
    ImGui::AlignTextToFramePadding();
    text_line("Layers", TextStyle::caption, theme().muted);
    ImGui::SameLine();
    ImGui::SetNextItemWidth(180 * canvas.scale());
    ImGui::SliderInt("##reach/layers", &layers_, 1, layers_max, "%d", ImGuiSliderFlags_AlwaysClamp);
    mark_item("reach/layers");
    item_tooltip("How many layers of this pattern are stacked; each keeps its residual and reads through all heads");
    if (workspace.has_a()) {
        ImGui::SameLine(0, space::padding * canvas.scale());
        tick_box("reach/alternate", "alternate with A", alternates_);
        item_tooltip("Every second layer from the top has the pattern kept as A: " + workspace.compare_text);
    }
    if (!is_complete_ && answer_ && job_.pending_s() > stale_after_s) {
        ImGui::SameLine(0, space::padding * canvas.scale());
        text_line("computing …", TextStyle::caption, theme().muted);
    }
    ImGui::Dummy({0, space::grid * canvas.scale()});
}

void ReachView::draw_map(const Problem& problem, Canvas& canvas, const ReachLayout& layout, const MatrixFrame& frame) {
    const bool fits = answer_->request.problem.seq_len == problem.seq_len;
    if (!answer_->depths.empty() && fits) {
        const Rect whole = frame.rect_of(whole_matrix(problem));
        canvas.image(whole, {"reach/depths", image_version_, int(answer_->columns), int(answer_->rows), rgba_});
        if (!is_complete_ && job_.pending_s() > stale_after_s)
            canvas.filled_rectangle(whole, theme().panel.with_alpha(0.5f));
        draw_depth_legend(canvas, answer_->request.layers, layout.legend);
    } else if (!answer_->stack_error.empty())
        draw_wrapped(canvas, answer_->stack_error, TextStyle::body, theme().bad, frame.viewport.inset(16));
    draw_matrix_axes(canvas, frame);
}

void ReachView::draw_map_hover(Workspace& workspace, Canvas& canvas, const MatrixFrame& frame) {
    set_cursor(canvas, {frame.viewport.x, frame.viewport.y});
    ImGui::InvisibleButton("reach/map", {std::max(1.f, frame.viewport.width * canvas.scale()),
                                         std::max(1.f, frame.viewport.height * canvas.scale())});
    mark_item("reach/map");
    const ImVec2 screen = ImGui::GetIO().MousePos;
    const Point mouse = canvas.from_screen({screen.x, screen.y});
    std::int64_t q = 0, k = 0;
    const bool hovered = ImGui::IsItemHovered() && frame.cell_at(mouse, q, k);
    if (!hovered && was_hovered_) workspace.end_hover();
    was_hovered_ = hovered;
    if (!hovered) return;
    workspace.hover(q, k);
    if (ImGui::IsMouseClicked(0)) workspace.pick(q, k);
    draw_crosshair(canvas, frame, q, k);
    if (answer_->depths.empty() || answer_->request.problem.seq_len != workspace.problem.seq_len) return;
    const auto pixel = [](std::int64_t token, std::int64_t tokens, std::int64_t pixels) {
        return ((token + 1) * pixels - 1) / tokens; // edges ⌊p·n/P⌋
    };
    const Problem& p = workspace.problem;
    const std::int64_t row = pixel(q, p.seq_len, answer_->rows), column = pixel(k, p.kv_len, answer_->columns);
    const DepthPixel& depth = answer_->depths[std::size_t(row * answer_->columns + column)];
    const auto span = [](std::int64_t at, std::int64_t tokens, std::int64_t pixels) {
        const std::int64_t begin = at * tokens / pixels, last = (at + 1) * tokens / pixels - 1;
        return begin == last ? format_count(begin) : format_count(begin) + " … " + format_count(last);
    };
    const HoverLine lines[] = {{"query", span(row, p.seq_len, answer_->rows)},
                               {"key", span(column, p.kv_len, answer_->columns)},
                               {"fewest layers", depth_text(depth.min)},
                               {"most layers", depth_text(depth.max)}};
    const Colour colour = depth.min < 0 ? theme().muted : depth_colour(depth.min, answer_->request.layers);
    draw_card(canvas, frame.viewport, mouse, "layers to reach", colour, lines);
}

void ReachView::draw_coverage(Canvas& canvas, Rect where) {
    if (!answer_->coverage || where.width < 100) return;
    PlotScene scene = coverage_plot(*answer_);
    apply_camera(plot_camera_, scene);
    if (!plot_camera_.y) scene.y.min = 0, scene.y.max = 104; // all of it, so that patterns compare at a glance
    const PlotLayout layout = layout_plot(scene, canvas, where);
    const PlotInput input = read_plot_input("reach/plot", canvas, layout);
    mark_item("reach/plot");
    draw_plot(canvas, scene, layout);
    const auto hit = input.hovered && !input.box_from ? nearest_sample(scene, layout, input.mouse) : std::nullopt;
    if (hit) draw_plot_hover(canvas, scene, layout, *hit);
    draw_zoom_box(canvas, layout, input);
    update_camera(plot_camera_, scene, layout, input);
}

void ReachView::draw_rows(Workspace& workspace, Canvas& canvas, Rect where) {
    const std::vector<Rect> places = place_rows(canvas, rows_, where);
    for (std::size_t index = 0; index < rows_.size(); ++index) {
        const ReachRow& row = rows_[index];
        const Rect place = places[index];
        set_cursor(canvas, {place.x, place.y});
        const std::string id = "reach/" + row.id;
        if (row.kind == ReachRow::Kind::apply) {
            if (text_button(id.c_str(), row.label)) apply_phase(workspace);
            item_tooltip(row.help);
            continue;
        }
        bool hovered = false;
        if (row.kind == ReachRow::Kind::fact) {
            const bool clicked =
                ImGui::InvisibleButton(id.c_str(), {place.width * canvas.scale(), place.height * canvas.scale()});
            mark_item(id.c_str());
            hovered = ImGui::IsItemHovered() && row.jump;
            item_tooltip(row.jump ? row.help + "\nClick goes there" : row.help);
            if (clicked && row.jump && is_complete_) jump_to(workspace, *row.jump);
        } else
            ImGui::Dummy({place.width * canvas.scale(), place.height * canvas.scale()}); // the panel scrolls over it
        draw_row(canvas, row, place, hovered);
    }
}

void ReachView::apply_phase(Workspace& workspace) const {
    Pattern next = workspace.pattern;
    Dilated* dilated = std::get_if<Dilated>(&next.kind);
    if (!dilated || !is_complete_ || !answer_->phases) return;
    dilated->phase = answer_->phases->mode.value_or(PhaseMode::list);
    dilated->offsets = answer_->phases->offsets;
    Case config = workspace.config;
    config.pattern = to_text(next);
    workspace.set_config(config);
}

bool ReachView::draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) {
    update(workspace);
    const std::string subtitle =
        fmt::format("{} layers{} · head {}", layers_,
                    alternates_ && workspace.compare_pattern ? ", every second A" : "", workspace.selection.head);
    const Rect area = draw_figure_frame(canvas, figure, "Receptive field", subtitle, workspace.config);
    if (!answer_) {
        canvas.text({area.x, area.y}, "computing …", TextStyle::body, theme().muted);
        return true;
    }
    const ReachLayout layout = layout_reach(area);
    canvas.push_clip(area);
    draw_map(workspace.problem, canvas, layout, frame_in(workspace.problem, layout.matrix));
    if (answer_->coverage) {
        const PlotScene scene = coverage_plot(*answer_);
        draw_plot(canvas, scene, layout_plot(scene, canvas, layout.plot));
    }
    const std::vector<Rect> places = place_rows(canvas, rows_, layout.rows);
    for (std::size_t index = 0; index < rows_.size(); ++index) draw_row(canvas, rows_[index], places[index], false);
    canvas.pop_clip();
    return true;
}

} // namespace dilascope
