#include "views/hilbert_view.h"
#include "engine/pattern/pattern_text.h"
#include "views/figure_frame.h"
#include "views/number_format.h"
#include "views/plot_draw.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr float controls_width = 248, controls_gap = 24;
constexpr std::int64_t matrix_pixels_max = 384; // of a side of the matrices

constexpr std::string_view curve_helps[] = {"The sequence as it is", "Row by row, every second row backwards",
                                            "Z-order: the bits of x and y interleaved",
                                            "Hilbert's curve: neighbours along it are neighbours on the grid"};
constexpr std::string_view use_helps[] = {
    "Only where q, k and v lie in memory. The matrices show a window on the grid.",
    "Only which tile is computed when. The matrices show a window on the grid.",
    "The pattern runs along the curve: another set of pairs. The matrices show it before and after."};

const char* axes_text(OrderUse use) {
    return use == OrderUse::sequence ? "query token down, key token across" : "query rank down, key rank across";
}

} // namespace

HilbertView::HilbertView()
    : picture_job_(make_order_pictures, JobPace::later), metrics_job_(count_order_metrics, JobPace::later) {}

// Takes over the order of a pattern that has one.
void HilbertView::follow(const Workspace& workspace) {
    if (version_ == workspace.version) return;
    version_ = workspace.version;
    if (!workspace.pattern.order.is_row()) settings_.order = workspace.pattern.order;
}

Order HilbertView::placed_order(std::int64_t token_count) const {
    Order order = settings_.order;
    order.grid = default_grid(order, token_count);
    return order;
}

const CurvePath& HilbertView::path(const Order& order, std::int64_t token_count) {
    if (path_tokens_ != token_count || !(path_order_ == order)) {
        path_ = curve_path(order, token_count);
        path_order_ = order;
        path_tokens_ = token_count;
    }
    return path_;
}

void HilbertView::draw(Workspace& workspace, Canvas& canvas) {
    follow(workspace);
    const Rect area = content_area(canvas);
    if (area.width < 120 || area.height < 80) return;
    const Result<void> checked = validate(settings_.order, workspace.problem.kv_len);
    error_ = checked ? "" : checked.error().what;
    const bool has_controls = area.width >= 480;
    if (has_controls) draw_controls(workspace, canvas);
    const float side = has_controls ? controls_width + controls_gap : 0;
    const Rect room{area.x + side, area.y, area.width - side, area.height};
    if (is_playing_) {
        walked_ += double(ImGui::GetIO().DeltaTime) / settings_.seconds;
        if (walked_ >= 1) walked_ = 1, is_playing_ = false;
    }
    is_complete_ = true;
    if (!error_.empty()) {
        canvas.push_clip(room);
        canvas.text({room.x, room.y}, error_, TextStyle::body, theme().bad);
        canvas.pop_clip();
        return;
    }
    const OrderLayout layout = layout_order(room);
    draw_grid(workspace, canvas, layout.grid);
    draw_results(workspace, canvas, layout);
}

void HilbertView::draw_controls(Workspace& workspace, const Canvas& canvas) {
    ImGui::BeginChild("hilbert/controls", {controls_width * canvas.scale(), 0});
    section_title("Order", format_count(workspace.problem.kv_len) + " tokens");
    ImGui::Dummy({0, 0});
    LabSettings::visit(settings_, [&](const Field& field, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        if constexpr (std::is_same_v<Member, Curve>)
            editor_.row(field, member, curve_helps);
        else if constexpr (std::is_same_v<Member, OrderUse>)
            editor_.row(field, member, use_helps);
        else if constexpr (!std::is_same_v<Member, double>)
            editor_.row(field, member);
    });
    if (!error_.empty()) {
        ImGui::PushTextWrapPos(0);
        text_line(error_, TextStyle::caption, theme().bad);
        mark_item("hilbert/error");
        ImGui::PopTextWrapPos();
    }
    draw_apply(workspace);
    section_rule();
    draw_play(canvas);
    ImGui::EndChild();
}

void HilbertView::draw_apply(Workspace& workspace) {
    Pattern next{workspace.pattern.kind, settings_.order};
    if (next.order.is_row()) next.order = {};
    const bool is_applied = next.order == workspace.pattern.order;
    ImGui::Dummy({0, ImGui::GetStyle().ItemSpacing.y});
    ImGui::BeginDisabled(!error_.empty() || is_applied || !workspace.config_error.empty());
    if (text_button("hilbert/apply", is_applied ? "Applied to the pattern" : "Apply to pattern", ButtonKind::plain,
                    ImGui::GetContentRegionAvail().x)) {
        Case config = workspace.config;
        config.pattern = to_text(next);
        workspace.set_config(config);
    }
    ImGui::EndDisabled();
    item_tooltip("Write this order into the configuration's pattern");
}

void HilbertView::draw_play(const Canvas& canvas) {
    section_title("Walk");
    ImGui::Dummy({0, 0});
    if (text_button("hilbert/play", is_playing_ ? "Pause" : "Play", ButtonKind::plain, 68 * canvas.scale())) {
        is_playing_ = !is_playing_;
        if (is_playing_ && walked_ >= 1) walked_ = 0;
    }
    item_tooltip("Walk along the curve");
    ImGui::SameLine();
    ImGui::SetNextItemWidth(-1);
    float percent = float(walked_ * 100);
    if (ImGui::SliderFloat("##hilbert/scrub", &percent, 0, 100, "%.1f %%")) {
        walked_ = double(percent) / 100;
        is_playing_ = false;
    }
    mark_item("hilbert/scrub");
    item_tooltip("How much of the curve is walked");
    LabSettings::visit(settings_, [&](const Field& field, auto& member) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, double>) editor_.row(field, member);
    });
}

void HilbertView::draw_grid(Workspace& workspace, Canvas& canvas, Rect space) {
    const std::int64_t count = workspace.problem.kv_len;
    const Order order = placed_order(count);
    const Selection& at = workspace.selection;
    const CurveScene scene{path(order, count), order, count, walked_, query_position(workspace.problem, at.q), at.k};
    draw_curve(canvas, scene, space);
    const Rect cells = curve_rect(scene, space);
    set_cursor(canvas, {cells.x, cells.y});
    ImGui::InvisibleButton("hilbert/grid_picture",
                           {std::max(1.f, cells.width * canvas.scale()), std::max(1.f, cells.height * canvas.scale())});
    mark_item("hilbert/grid_picture");
    if (!ImGui::IsItemHovered()) return;
    const ImVec2 screen = ImGui::GetIO().MousePos;
    const Point mouse = canvas.from_screen({screen.x, screen.y});
    const CellSet set = cell_set(order, count);
    const double side = double(cells.width) / double(set.width);
    const Cell cell{std::clamp<std::int64_t>(std::int64_t(double(mouse.x - cells.x) / side), 0, set.width - 1),
                    std::clamp<std::int64_t>(std::int64_t(double(mouse.y - cells.y) / side), 0, set.height - 1)};
    const std::int64_t token = set.token_of(cell);
    if (token >= count) return;
    if (ImGui::IsItemClicked()) workspace.pick(at.picked_q, token);
    const std::int64_t rank = rank_of(order, count, token);
    const HoverLine lines[] = {
        {"rank", format_count(rank)},
        {"cell x, y", format_count(cell.x) + ", " + format_count(cell.y)},
        {"along the curve", format_percent(double(rank) / double(std::max<std::int64_t>(1, count - 1)))}};
    draw_card(canvas, space, mouse, "token " + format_count(token), theme().accent, lines);
}

void HilbertView::draw_results(Workspace& workspace, Canvas& canvas, const OrderLayout& layout) {
    const std::int64_t count = workspace.problem.kv_len;
    const Order order = placed_order(count);
    if (layout.before.width > 0) {
        const bool is_too_long = settings_.order.use != OrderUse::sequence && count > metrics_tokens_max;
        OrderPicturesRequest request;
        request.version = workspace.version, request.pattern = workspace.pattern, request.problem = workspace.problem;
        request.head = workspace.selection.head, request.order = order, request.reach = settings_.reach;
        request.pixels = std::min({matrix_pixels_max, count, std::int64_t(layout.before.width * canvas.scale())});
        if (!is_too_long) {
            pictures_ = picture_job_.ask(request);
            is_complete_ = pictures_ && pictures_->request == request;
        } else
            pictures_.reset();
    }
    if (layout.table.width > 0 && count <= metrics_tokens_max) {
        const OrderMetricsRequest request{order.grid, count, settings_.reach, settings_.tile};
        metrics_ = metrics_job_.ask(request);
        const bool is_current = metrics_ && metrics_->request == request;
        if (!is_current) metrics_.reset();
        is_complete_ = is_complete_ && is_current;
    } else
        metrics_.reset();
    draw_scene(canvas, layout);
    if (!metrics_) {
        if (layout.table.width > 0)
            canvas.text({layout.table.x, layout.table.y},
                        count > metrics_tokens_max ? "Metrics are counted up to 1 048 576 tokens." : "counting …",
                        TextStyle::caption, theme().muted);
        return;
    }
    const std::vector<float> rights = metrics_columns(layout.table);
    for (std::size_t column = 0; column < rights.size(); ++column) {
        const float left =
            column > 0 ? rights[column - 1] : rights[0] - (rights.size() > 1 ? rights[1] - rights[0] : 60);
        set_cursor(canvas, {left + 6, layout.table.y + 30});
        const std::string id = "hilbert/metric/" + std::to_string(column);
        ImGui::InvisibleButton(id.c_str(), {std::max(1.f, rights[column] - left - 6) * canvas.scale(),
                                            (metrics_header - 32) * canvas.scale()});
        mark_item(id.c_str());
        item_tooltip(metric_columns()[column].help);
    }
}

// What has been counted so far.
void HilbertView::draw_scene(Canvas& canvas, const OrderLayout& layout) {
    static const PaintedPicture none;
    const bool is_sequence = settings_.order.use == OrderUse::sequence;
    const std::string curve(enum_name(settings_.order.curve));
    const auto caption = [&](const std::string& along) {
        return is_sequence ? "pattern along " + along
                           : fmt::format("{0} × {0} window, {1} order", 2 * settings_.reach + 1, along);
    };
    const bool has = pictures_ && pictures_->request.shows_pattern() == is_sequence;
    draw_order_picture(canvas, has ? pictures_->before : none, layout.before, "hilbert/before",
                       caption(is_sequence ? "the sequence" : "row"), axes_text(settings_.order.use));
    draw_order_picture(canvas, has ? pictures_->after : none, layout.after, "hilbert/after", caption(curve),
                       axes_text(settings_.order.use));
    if (metrics_) draw_metrics(canvas, *metrics_, settings_.order.curve, layout.table);
}

bool HilbertView::draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) {
    const std::int64_t count = workspace.problem.kv_len;
    follow(workspace);
    const std::string subtitle =
        fmt::format("{} · {} tokens · window of ±{} cells · tiles of {} tokens", enum_name(settings_.order.curve),
                    format_count(count), settings_.reach, settings_.tile);
    const Rect area = draw_figure_frame(canvas, figure, "Order of the tokens", subtitle, workspace.config);
    if (const Result<void> checked = validate(settings_.order, count); !checked) {
        canvas.text({area.x, area.y}, checked.error().what, TextStyle::body, theme().bad);
        return true;
    }
    const Order order = placed_order(count);
    const OrderLayout layout = layout_order(area);
    const CurveScene scene{path(order, count), order, count};
    draw_curve(canvas, scene, layout.grid);
    draw_scene(canvas, layout);
    return true;
}

} // namespace dilascope
