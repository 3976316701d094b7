#include "views/pattern_view.h"
#include "engine/pattern/pixels.h"
#include "views/cell_facts.h"
#include "views/figure_frame.h"
#include "views/head_chooser.h"
#include "views/matrix_hover.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr float toolbar_height = 32;
constexpr float divider_grip = 10;

std::string shape_text(const Problem& problem) {
    return fmt::format("{} × {} tokens{}", format_count(problem.seq_len), format_count(problem.kv_len),
                       problem.causal ? " · causal" : "");
}

PictureRequest map_request(const Workspace& workspace, Rect map, float scale) {
    PictureRequest request;
    request.problem = workspace.problem;
    request.head = workspace.selection.head;
    request.region = whole_matrix(workspace.problem);
    request.rows = std::clamp<std::int64_t>(std::int64_t(map.height * scale), 1, workspace.problem.seq_len);
    request.columns = std::clamp<std::int64_t>(std::int64_t(map.width * scale), 1, workspace.problem.kv_len);
    return request;
}

} // namespace

PatternView::PatternView()
    : scored_(
          [this](const PictureRequest& request, const std::atomic<bool>& cancel) {
              scores_progress_ = 0;
              return make_painted(request, &cancel, &scores_progress_);
          },
          JobPace::later),
      diffs_(count_diff, JobPace::later) {}

// Which pattern the request is of, and what its colours say. A and B side by side are dressed one by one.
void PatternView::dress(PictureRequest& request, const Workspace& workspace, Compared shown) const {
    request.version = shown == Compared::a ? workspace.problem_version : workspace.version;
    request.pattern = shown == Compared::a ? *workspace.compare_pattern : workspace.pattern;
    request.colours = tools_.colours_of(request.pattern);
    if (shown == Compared::difference) {
        request.colours = PictureColours::difference;
        request.minus = workspace.compare_pattern;
    }
    if (shown == Compared::a || shown == Compared::difference) request.compare_text = workspace.compare_text;
    const bool is_branches = request.colours == PictureColours::branches && !is_swiping(workspace);
    if (is_branches && only_branch_ < branch_count(request.pattern)) request.only_branch = only_branch_;
}

PictureRequest PatternView::request_of(const Workspace& workspace, const MatrixFrame& frame, float scale,
                                       Compared shown) const {
    PictureRequest request =
        picture_request(workspace.pattern, workspace.problem, workspace.selection.head, frame, scale);
    dress(request, workspace, shown);
    return request;
}

// Shares are those of equal scores until those of the tensors' scores are there.
const PaintedPicture& PatternView::update_picture(const Workspace& workspace, const MatrixFrame& frame, float scale) {
    PictureRequest request = request_of(workspace, frame, scale, primary(workspace));
    picture_.ask(request);
    is_complete_ = picture_.is_complete();
    has_scores_ = request.colours == PictureColours::mixing && !is_swiping(workspace) && workspace.tensors &&
                  workspace.config.input != "gaussian";
    if (!has_scores_) return picture_.shown();
    request.tensors = workspace.tensors;
    if (!scored_picture_ || !(scored_picture_->picture.request == request)) scored_picture_ = scored_.ask(request, 0);
    const bool is_scored = scored_picture_ && scored_picture_->picture.request == request;
    is_complete_ = is_complete_ && is_scored;
    return is_scored ? *scored_picture_ : picture_.shown();
}

void PatternView::draw(Workspace& workspace, Canvas& canvas) {
    const Problem& problem = workspace.problem;
    Rect area = content_area(canvas);
    draw_toolbar(workspace, canvas);
    area = {area.x, area.y + toolbar_height, area.width, area.height - toolbar_height};
    if (area.width >= 400 && area.height >= 240) {
        const float height = tools_.draw(workspace, canvas, area);
        area = {area.x, area.y + height, area.width, area.height - height};
    }
    if (area.width < 120 || area.height < 80) return;
    const PatternLayout layout = layout_pattern(area, problem.seq_len, problem.kv_len);
    if (is_swiping(workspace)) handle_divider(canvas, layout.viewport); // first, for it lies over the matrix
    mouse_.handle(workspace, canvas, frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport),
                  "pattern/matrix");
    const MatrixFrame frame = frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport);
    const PaintedPicture& painted = update_picture(workspace, frame, canvas.scale());
    const PatternScene scene{painted, frame, !picture_.is_complete() && picture_.pending_s() > stale_after_s};
    if (is_swiping(workspace)) {
        a_picture_.ask(request_of(workspace, frame, canvas.scale(), Compared::a));
        is_complete_ = is_complete_ && a_picture_.is_complete();
        const bool is_old = !a_picture_.is_complete() && a_picture_.pending_s() > stale_after_s;
        draw_swiped_matrix(canvas, {a_picture_.shown(), frame, is_old, "pattern/matrix_a"}, scene,
                           divider_x(layout.viewport));
    } else {
        draw_matrix(canvas, scene);
    }
    if (tools_.has_tiles()) draw_tiles(workspace, canvas, frame);
    draw_keys_strip(canvas, scene, layout.strip);
    draw_queries_strip(canvas, scene, layout.top_strip);
    const auto strip_item = [&](const char* id, Rect strip, const char* help) {
        if (strip.width <= 0 || strip.height <= 0) return;
        set_cursor(canvas, {strip.x, strip.y});
        ImGui::InvisibleButton(id, {strip.width * canvas.scale(), strip.height * canvas.scale()});
        mark_item(id);
        item_tooltip(help);
    };
    strip_item("pattern/strip", layout.strip,
               painted.picture.request.colours == PictureColours::mixing
                   ? "How much of a row's softmax each branch gets: S of the branch ÷ S of all, S = Σ exp(score)"
                   : "Distinct keys of a query in the whole matrix, mean over the queries of each pixel row");
    strip_item("pattern/top_strip", layout.top_strip,
               "Distinct queries that see a key in the whole matrix, mean over the keys of each pixel column");
    draw_column(workspace, canvas, layout.column, frame);
    draw_matrix_hover(canvas, workspace, frame, mouse_, area, hover_lines(workspace, painted));
    draw_menu(workspace, frame);
}

void PatternView::update_totals(const Workspace& workspace) {
    totals_.reset();
    const DiffRequest request{workspace.version, workspace.compare_text, *workspace.compare_pattern,
                              workspace.pattern, workspace.problem,      workspace.selection.head};
    const auto totals = diffs_.ask(request, 0);
    if (totals && totals->request == request) totals_ = totals;
    is_complete_ = is_complete_ && totals_;
}

// What beside a picture says what its colours mean.
LegendOf PatternView::legend_of(const Workspace& workspace, const PictureRequest& shown, const PictureRequest* a,
                                double pixels_per_token) {
    LegendOf legend{shown, a, nullptr, "", pixels_per_token};
    if (legend.has_a()) update_totals(workspace), legend.totals = totals_.get();
    if (shown.colours != PictureColours::mixing) return legend;
    legend.scores = "Equal scores: keys of the branch ÷ keys of all branches, over all queries of a pixel row. Exact.";
    if (!has_scores_) return legend;
    const BranchShares* shares =
        scored_picture_ && scored_picture_->picture.request.tensors ? &scored_picture_->picture.shares : nullptr;
    if (!shares || scored_.pending_s() > 0)
        legend.scores =
            fmt::format("Equal scores, while those of q and k are computed: {:.0f} %", 100 * scores_progress_);
    else if (!shares->error.empty())
        legend.scores = "Equal scores. " + shares->error;
    else
        legend.scores =
            fmt::format("From the scores of q and k, Σ exp of the branch ÷ of all; mean of up to {} queries "
                        "of a pixel row.",
                        shares->queries_per_row);
    return legend;
}

// The shares of the query under the mouse: exact of its keys, and of the scores when they are shown.
std::vector<std::string> PatternView::hover_lines(const Workspace& workspace, const PaintedPicture& painted) const {
    const PictureRequest& request = painted.picture.request;
    if (request.colours != PictureColours::mixing || !mouse_.hovered() ||
        !request.region.q.contains(workspace.selection.q))
        return {};
    const std::vector<std::int64_t> keys =
        branch_keys_of(request.pattern, request.problem, request.head, workspace.selection.q);
    std::span<const float> scored;
    std::int64_t row_queries = 1; // that its scores are the mean of
    if (const BranchShares& shares = painted.picture.shares; shares.has_scores() && !keys.empty()) {
        const std::vector<std::int64_t> edges = pixel_edges(request.region.q, request.rows);
        const std::size_t row = pixel_at(edges, workspace.selection.q);
        scored = std::span(shares.share).subspan(row * keys.size(), keys.size());
        row_queries = std::min(edges[row + 1] - edges[row], shares.queries_per_row);
    }
    std::vector<std::string> lines = share_lines(request.pattern, keys, scored);
    if (row_queries > 1) lines.push_back(fmt::format("scores: mean of {} queries of this pixel row", row_queries));
    return lines;
}

float PatternView::divider_x(Rect viewport) const { return std::round(viewport.x + divider_ * viewport.width); }

void PatternView::handle_divider(Canvas& canvas, Rect viewport) {
    set_cursor(canvas, {divider_x(viewport) - divider_grip / 2, viewport.y});
    ImGui::InvisibleButton("pattern/divider",
                           {divider_grip * canvas.scale(), std::max(1.f, viewport.height * canvas.scale())});
    mark_item("pattern/divider");
    const bool is_held = ImGui::IsItemActive();
    if (is_held || ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    item_tooltip("Drag: left of it A, right of it the present pattern");
    if (!is_held) return;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    divider_ =
        std::clamp((canvas.from_screen({mouse.x, mouse.y}).x - viewport.x) / std::max(1.f, viewport.width), 0.f, 1.f);
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

void PatternView::draw_tiles(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame) {
    PictureRequest shown;
    dress(shown, workspace, primary(workspace));
    TileRequest request;
    request.version = shown.version, request.compare_text = shown.compare_text, request.pattern = shown.pattern;
    request.problem = workspace.problem, request.head = workspace.selection.head;
    request.tile = workspace.tile_tokens;
    tiles_.draw(canvas, frame, request);
    is_complete_ = is_complete_ && tiles_.is_complete();
    const std::string caption = tiles_.caption(); // on a ground of its own, in the corner nothing reads
    const float width = canvas.text_size(caption, TextStyle::caption).x;
    const Rect card{frame.viewport.x + 6, frame.viewport.bottom() - 28, width + 16, 22};
    canvas.filled_rectangle(card, theme().raised.with_alpha(0.92f), space::radius);
    canvas.text({card.x + 8, card.y + 3}, caption, TextStyle::caption, theme().text);
}

// Legend entries show their branch alone when clicked; the map moves the camera.
void PatternView::draw_column(Workspace& workspace, Canvas& canvas, Rect column, const MatrixFrame& frame) {
    if (column.width <= 0) return;
    PictureRequest shown, a;
    const bool is_swiped = is_swiping(workspace);
    dress(shown, workspace, primary(workspace));
    if (is_swiped) dress(a, workspace, Compared::a);
    const bool has_branches = shown.colours == PictureColours::branches && !is_swiped;
    const int count = has_branches ? branch_count(shown.pattern) : 0;
    for (int branch = 0; branch < count && count > 1; ++branch) {
        set_cursor(canvas, {column.x, column.y + legend_header + legend_row * float(branch)});
        const std::string id = "pattern/branch/" + std::to_string(branch);
        if (ImGui::InvisibleButton(id.c_str(), {column.width * canvas.scale(), legend_row * canvas.scale()}))
            only_branch_ = only_branch_ == branch ? -1 : branch;
        mark_item(id.c_str());
        item_tooltip(only_branch_ == branch ? "Show all branches" : "Click to show this branch alone");
    }
    const float used =
        draw_legend(canvas, legend_of(workspace, shown, is_swiped ? &a : nullptr, frame.pixels_per_token), column);
    const Rect map = map_rect(column, workspace.problem.seq_len, workspace.problem.kv_len);
    if (column.y + used + 28 > map.y) return; // no room
    PictureRequest request = map_request(workspace, map, canvas.scale());
    dress(request, workspace, primary(workspace));
    if (request.colours == PictureColours::mixing) request.colours = PictureColours::branches; // tells places apart
    // A coarse picture of the whole is the map too.
    const PaintedPicture& picture = picture_.shown();
    const bool is_map = !picture_.is_complete() && picture.picture.request.region == request.region;
    if (!is_map) map_.ask(request);
    is_complete_ = is_complete_ && !is_map && map_.is_complete();
    set_cursor(canvas, {map.x, map.y});
    ImGui::InvisibleButton("pattern/map", {map.width * canvas.scale(), map.height * canvas.scale()});
    mark_item("pattern/map");
    if (ImGui::IsItemActive() && !workspace.camera.fitted) {
        const ImVec2 screen = ImGui::GetIO().MousePos;
        const Point mouse = canvas.from_screen({screen.x, screen.y});
        go_to(workspace.camera, frame, std::int64_t(double(mouse.y - map.y) / map.height * double(frame.query_count)),
              std::int64_t(double(mouse.x - map.x) / map.width * double(frame.key_count)));
    }
    draw_map(canvas, is_map ? picture : map_.shown(), map, frame);
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
    PictureRequest request = request_of(workspace, frame, canvas.scale(), primary(workspace));
    std::optional<PictureRequest> a;
    if (is_swiping(workspace)) a = request_of(workspace, frame, canvas.scale(), Compared::a);
    if (has_scores_ && request.colours == PictureColours::mixing) request.tensors = workspace.tensors;
    const PaintedPicture painted = make_painted(request);
    const PatternScene scene{painted, frame};
    if (a) {
        const PaintedPicture painted_a = make_painted(*a);
        draw_swiped_matrix(canvas, {painted_a, frame, false, "pattern/matrix_a"}, scene, divider_x(layout.viewport));
    } else {
        draw_matrix(canvas, scene);
    }
    draw_keys_strip(canvas, scene, layout.strip);
    draw_queries_strip(canvas, scene, layout.top_strip);
    const float used =
        draw_legend(canvas, legend_of(workspace, request, a ? &*a : nullptr, frame.pixels_per_token), layout.column);
    const Rect map = map_rect(layout.column, problem.seq_len, problem.kv_len);
    if (workspace.camera.fitted || layout.column.width <= 0 || layout.column.y + used + 28 > map.y) return true;
    request = map_request(workspace, map, canvas.scale());
    dress(request, workspace, primary(workspace));
    if (request.colours == PictureColours::mixing) request.colours = PictureColours::branches;
    draw_map(canvas, make_painted(request), map, frame);
    return true;
}

} // namespace dilascope
