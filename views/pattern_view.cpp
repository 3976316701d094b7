#include "views/pattern_view.h"
#include "views/cell_facts.h"
#include "views/figure_frame.h"
#include "views/head_chooser.h"
#include "views/matrix_hover.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/pattern_legend.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr double wait_ms = 1;               // for a picture, before the frame goes on without it
constexpr double dim_after_s = 0.15;        // a picture that is still not the wanted one
constexpr std::int64_t preview_pixels = 64; // side of the coarse picture shown when the last one is of another pattern
constexpr float toolbar_height = 32, tools_height = 34;
constexpr std::int64_t tile_sizes[] = {16, 32, 64, 128};

std::string shape_text(const Problem& problem) {
    return fmt::format("{} × {} tokens{}", format_count(problem.seq_len), format_count(problem.kv_len),
                       problem.causal ? " · causal" : "");
}

PaintedPicture paint_for_job(const PictureRequest& request, const std::atomic<bool>& cancel) {
    return make_painted(request, &cancel);
}

bool shows_same_pattern(const PaintedPicture& painted, const PictureRequest& request) {
    const PictureRequest& shown = painted.picture.request;
    return shown.version == request.version && shown.head == request.head && shown.only_branch == request.only_branch &&
           shown.colours == request.colours && shown.compare_text == request.compare_text;
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

// For the frame at hand: fewer pixels, and the last picture's strips, each of which takes as long as the picture.
PaintedPicture coarse_picture(PictureRequest request, const PaintedPicture* last) {
    if (request.rows <= preview_pixels && request.columns <= preview_pixels) return make_painted(request);
    request.rows = std::min(request.rows, preview_pixels);
    request.columns = std::min(request.columns, preview_pixels);
    request.has_strips = false;
    PaintedPicture painted = make_painted(request);
    if (last && last->picture.request.region == request.region) {
        painted.picture.keys_per_query = last->picture.keys_per_query;
        painted.picture.queries_per_key = last->picture.queries_per_key;
    }
    return painted;
}

} // namespace

PatternView::PatternView() : pictures_(paint_for_job), maps_(paint_for_job), diffs_(count_diff, JobPace::later) {}

// Which pattern the request is of, and what its colours say.
void PatternView::dress(PictureRequest& request, const Workspace& workspace) const {
    request.version = workspace.version;
    request.pattern = workspace.pattern;
    const Shown shown = has_a(workspace) ? Shown(shown_pattern_) : shown_b;
    if (shown == shown_difference) {
        request.colours = PictureColours::difference;
        request.minus = workspace.compare_pattern;
    } else if (has_multiplicity_)
        request.colours = PictureColours::multiplicity;
    if (shown != shown_b) request.compare_text = workspace.compare_text;
    if (shown == shown_a) request.pattern = *workspace.compare_pattern;
    const bool is_branches = request.colours == PictureColours::branches;
    if (is_branches && only_branch_ < branch_count(request.pattern)) request.only_branch = only_branch_;
}

void PatternView::update_picture(const Workspace& workspace, const MatrixFrame& frame, float scale) {
    PictureRequest request =
        picture_request(workspace.pattern, workspace.problem, workspace.selection.head, frame, scale);
    dress(request, workspace);
    is_complete_ = shown_ && shown_->picture.request == request;
    if (is_complete_) return;
    const bool is_quick = counts_at_once(request.pattern) && (!request.minus || counts_at_once(*request.minus));
    const auto newest = pictures_.ask(request, wait_ms);
    if (newest && shows_same_pattern(*newest, request))
        shown_ = newest;
    else if (is_quick && (!shown_ || !shows_same_pattern(*shown_, request)))
        shown_ = std::make_shared<PaintedPicture>(coarse_picture(request, shown_.get()));
    if (!shown_) shown_ = std::make_shared<PaintedPicture>(); // nothing yet: what comes takes longer than a frame
    is_complete_ = shown_->picture.request == request;
}

void PatternView::draw(Workspace& workspace, Canvas& canvas) {
    const Problem& problem = workspace.problem;
    Rect area = content_area(canvas);
    take_keys(workspace);
    draw_toolbar(workspace, canvas);
    area = {area.x, area.y + toolbar_height, area.width, area.height - toolbar_height};
    if (area.width >= 400 && area.height >= 240) {
        set_cursor(canvas, {area.x, area.y});
        draw_tools(workspace, canvas);
        area = {area.x, area.y + tools_height, area.width, area.height - tools_height};
    }
    if (area.width < 120 || area.height < 80) return;
    const PatternLayout layout = layout_pattern(area, problem.seq_len, problem.kv_len);
    mouse_.handle(workspace, canvas, frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport),
                  "pattern/matrix");
    const MatrixFrame frame = frame_of(workspace.camera, problem.seq_len, problem.kv_len, layout.viewport);
    update_picture(workspace, frame, canvas.scale());
    const PatternScene scene{*shown_, frame, !is_complete_ && pictures_.pending_s() > dim_after_s};
    draw_matrix(canvas, scene);
    if (has_tiles_) draw_tiles(workspace, canvas, frame);
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
               "Distinct keys of a query in the whole matrix, mean over the queries of each pixel row");
    strip_item("pattern/top_strip", layout.top_strip,
               "Distinct queries that see a key in the whole matrix, mean over the keys of each pixel column");
    draw_column(workspace, canvas, layout.column, frame);
    draw_matrix_hover(canvas, workspace, frame, mouse_, area);
    draw_menu(workspace, frame);
}

void PatternView::update_totals(const Workspace& workspace, const PictureRequest& shown) {
    totals_.reset();
    if (shown.colours != PictureColours::difference) return;
    const DiffRequest request{workspace.version, workspace.compare_text, *shown.minus,
                              shown.pattern,     workspace.problem,      workspace.selection.head};
    const auto totals = diffs_.ask(request, 0);
    if (totals && totals->request == request) totals_ = totals;
    is_complete_ = is_complete_ && totals_;
}

// F flips between A and B while the mouse is over the view or its window has the focus.
void PatternView::take_keys(const Workspace& workspace) {
    const bool is_here =
        ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem) || ImGui::IsWindowFocused();
    const ImGuiIO& io = ImGui::GetIO();
    if (!is_here || !has_a(workspace) || io.WantTextInput || io.KeyCtrl || io.KeyAlt) return;
    for (const ImWchar typed : io.InputQueueCharacters)
        if (typed == 'f' || typed == 'F') shown_pattern_ = shown_pattern_ == shown_a ? shown_b : shown_a;
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

// Colours, tiles and the pattern to compare with.
void PatternView::draw_tools(Workspace& workspace, Canvas& canvas) {
    const float gap = space::padding * canvas.scale();
    const bool can_overlap = most_multiplicity(workspace.pattern) > 1;
    ImGui::BeginDisabled(!can_overlap);
    static constexpr const char* colours[] = {"Branches", "Multiplicity"};
    static constexpr const char* colours_help[] = {"Hue is the densest branch of a pixel: the union",
                                                   "Hue is how often a pair counts in the softmax"};
    int chosen = has_multiplicity_ && can_overlap;
    if (segmented_buttons("pattern/colours", colours, chosen, colours_help)) has_multiplicity_ = chosen == 1;
    has_multiplicity_ = has_multiplicity_ && can_overlap;
    ImGui::EndDisabled();
    if (!can_overlap) item_tooltip("Every pair of this pattern counts once");
    ImGui::SameLine(0, gap);
    const std::string present = has_tiles_ ? fmt::format("Tiles {}", workspace.tile_tokens) : "No tiles";
    ImGui::SetNextItemWidth(92 * canvas.scale());
    const bool open = ImGui::BeginCombo("##pattern/tiles", present.c_str());
    mark_item("pattern/tiles");
    item_tooltip("Lay square tiles over the matrix; those that hold a pair are tinted");
    if (open) {
        if (ImGui::Selectable("No tiles", !has_tiles_)) has_tiles_ = false;
        mark_item("pattern/tiles/0");
        for (const std::int64_t size : tile_sizes) {
            if (ImGui::Selectable(fmt::format("{0} × {0} tokens", size).c_str(),
                                  has_tiles_ && workspace.tile_tokens == size))
                has_tiles_ = true, workspace.tile_tokens = size;
            mark_item(fmt::format("pattern/tiles/{}", size).c_str());
        }
        ImGui::EndCombo();
    }
    ImGui::SameLine(0, gap);
    draw_compare(workspace, canvas);
}

void PatternView::draw_compare(Workspace& workspace, Canvas& canvas) {
    if (text_button("pattern/set_a", "Set as A")) workspace.keep_as_a();
    item_tooltip("Keep the present pattern as A; what you edit from now on is B");
    if (!workspace.compare_pattern) return;
    ImGui::SameLine(0, space::gap * canvas.scale());
    static constexpr const char* names[] = {"A", "B", "A−B"};
    static constexpr const char* helps[] = {"The pattern kept as A. F flips between A and B.",
                                            "The present pattern. F flips between A and B.",
                                            "Where they differ: blue A alone, grey both, vermilion B alone"};
    ImGui::BeginDisabled(!has_a(workspace));
    segmented_buttons("pattern/compare", names, shown_pattern_, helps);
    ImGui::EndDisabled();
    if (!workspace.compare_error.empty()) item_tooltip("A: " + workspace.compare_error);
    ImGui::SameLine(0, 1);
    if (text_button("pattern/forget_a", "×")) workspace.forget_a(), shown_pattern_ = shown_b;
    item_tooltip("Forget A");
}

void PatternView::draw_tiles(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame) {
    PictureRequest shown;
    dress(shown, workspace);
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
    PictureRequest legend;
    dress(legend, workspace);
    update_totals(workspace, legend);
    const bool has_branches = legend.colours == PictureColours::branches;
    const int count = has_branches ? branch_count(legend.pattern) : 0;
    for (int branch = 0; branch < count && count > 1; ++branch) {
        set_cursor(canvas, {column.x, column.y + legend_header + legend_row * float(branch)});
        const std::string id = "pattern/branch/" + std::to_string(branch);
        if (ImGui::InvisibleButton(id.c_str(), {column.width * canvas.scale(), legend_row * canvas.scale()}))
            only_branch_ = only_branch_ == branch ? -1 : branch;
        mark_item(id.c_str());
        item_tooltip(only_branch_ == branch ? "Show all branches" : "Click to show this branch alone");
    }
    const float used = draw_legend(canvas, legend, totals_.get(), column, frame.pixels_per_token);
    const Rect map = map_rect(column, workspace.problem.seq_len, workspace.problem.kv_len);
    if (column.y + used + 28 > map.y) return; // no room
    PictureRequest request = map_request(workspace, map, canvas.scale());
    dress(request, workspace);
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
    dress(request, workspace);
    const PaintedPicture painted = make_painted(request);
    const PatternScene scene{painted, frame};
    draw_matrix(canvas, scene);
    draw_keys_strip(canvas, scene, layout.strip);
    draw_queries_strip(canvas, scene, layout.top_strip);
    update_totals(workspace, request);
    const float used = draw_legend(canvas, request, totals_.get(), layout.column, frame.pixels_per_token);
    const Rect map = map_rect(layout.column, problem.seq_len, problem.kv_len);
    if (workspace.camera.fitted || layout.column.width <= 0 || layout.column.y + used + 28 > map.y) return true;
    request = map_request(workspace, map, canvas.scale());
    dress(request, workspace);
    draw_map(canvas, make_painted(request), map, frame);
    return true;
}

} // namespace dilascope
