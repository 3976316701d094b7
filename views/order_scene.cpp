#include "views/order_scene.h"
#include "views/fitted_text.h"
#include "views/number_format.h"
#include "views/plot_layout.h"
#include "views/theme.h"
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr float caption_height = 24, axes_height = 22, gap = 28;
constexpr float name_width = 84, column_width_min = 78, column_width_max = 112;
constexpr float table_headline_height = 24, table_height = metrics_header + float(curve_count) * metrics_row + 6;

struct Cells {
    Rect rect;
    float side = 1; // of a cell, logical pixels
    Point at(double x, double y) const { return {rect.x + float(x) * side, rect.y + float(y) * side}; }
};

Colour along(double share) { return map_colour(ColourMap::viridis, float(0.15 + 0.8 * share)); }

void draw_cells(Canvas& canvas, const CellSet& cells, const Cells& place) {
    const Theme& colours = theme();
    const std::int64_t rows = cells.count / cells.width, rest = cells.count % cells.width;
    const Point origin = place.at(0, 0), end = place.at(double(cells.width), double(rows));
    canvas.filled_rectangle({origin.x, origin.y, end.x - origin.x, end.y - origin.y}, colours.window);
    const Point ragged = place.at(double(rest), double(rows) + 1);
    if (rest > 0) canvas.filled_rectangle({origin.x, end.y, ragged.x - origin.x, ragged.y - end.y}, colours.window);
    canvas.rectangle(place.rect, colours.line);
    if (place.side < 8) return;
    const Colour line = colours.text.with_alpha(0.06f);
    for (std::int64_t x = 1; x < cells.width; ++x) {
        const float at = place.at(double(x), 0).x;
        canvas.line({at, place.rect.y}, {at, place.rect.bottom()}, line);
    }
    for (std::int64_t y = 1; y < cells.height; ++y) {
        const float at = place.at(0, double(y)).y;
        canvas.line({place.rect.x, at}, {place.rect.right(), at}, line);
    }
}

// The curve in pieces of one colour; what has not been walked yet stays faint.
void draw_line(Canvas& canvas, const CurveScene& scene, const Cells& place) {
    const std::vector<CurvePath::Stop>& stops = scene.path.stops;
    constexpr std::size_t pieces = 64;
    const double last = double(std::max<std::int64_t>(1, scene.token_count - 1)), head = scene.walked * last;
    const float spacing = place.side * float(scene.path.square_side);
    const float width = std::clamp(spacing * 0.22f, 1.f, 3.f);
    const std::size_t step = std::max<std::size_t>(1, stops.size() / pieces);
    std::vector<Point> piece;
    for (std::size_t begin = 0; begin + 1 < stops.size(); begin += step) {
        piece.clear();
        const bool is_walked = double(stops[begin].rank) < head || scene.walked >= 1;
        std::size_t index = begin;
        for (; index <= begin + step && index < stops.size(); ++index) {
            if (is_walked && scene.walked < 1 && double(stops[index].rank) > head) break;
            piece.push_back(place.at(stops[index].x, stops[index].y));
        }
        const Colour faint = theme().muted.with_alpha(0.28f);
        if (piece.size() > 1)
            canvas.polyline(piece, is_walked ? along(double(stops[begin].rank) / last) : faint, width);
        if (!is_walked || index > begin + step || index >= stops.size()) continue;
        piece.clear(); // the head is inside this piece: the rest of it is still to come
        for (index = index > begin ? index - 1 : begin; index <= begin + step && index < stops.size(); ++index)
            piece.push_back(place.at(stops[index].x, stops[index].y));
        if (piece.size() > 1) canvas.polyline(piece, faint, width);
    }
}

void draw_head(Canvas& canvas, const CurveScene& scene, const Cells& place) {
    if (scene.walked >= 1) return;
    const auto rank = std::int64_t(scene.walked * double(scene.token_count - 1));
    const Cell cell = cell_set(scene.order, scene.token_count).cell_of(token_at(scene.order, scene.token_count, rank));
    const Point at = place.at(double(cell.x) + 0.5, double(cell.y) + 0.5);
    canvas.filled_circle(at, 5, theme().text);
    canvas.circle(at, 5, theme().window, 1.5f);
}

void draw_mark(Canvas& canvas, const CurveScene& scene, const Cells& place, std::int64_t token, const char* letter,
               Colour colour) {
    if (token < 0 || token >= scene.token_count) return;
    const Cell cell = cell_set(scene.order, scene.token_count).cell_of(token);
    const Point at = place.at(double(cell.x) + 0.5, double(cell.y) + 0.5);
    const float radius = std::clamp(place.side / 2, 5.f, 10.f);
    canvas.circle(at, radius, theme().window, 4);
    canvas.circle(at, radius, colour, 2);
    const float width = canvas.text_size(letter, TextStyle::number).x;
    canvas.filled_rectangle({at.x + radius + 2, at.y - 10, width + 6, 20}, theme().window.with_alpha(0.85f), 3);
    canvas.text({at.x + radius + 5, at.y - 9}, letter, TextStyle::number, colour);
}

Cells cells_of(const CurveScene& scene, Rect space) {
    const Grid grid = default_grid(scene.order, scene.token_count);
    const Rect room{space.x, space.y + caption_height, space.width, std::max(1.f, space.height - caption_height)};
    Cells cells;
    cells.side = std::min(room.width / float(grid.width), room.height / float(grid.height));
    cells.rect = {room.x, room.y, cells.side * float(grid.width), cells.side * float(grid.height)};
    return cells;
}

std::string metric_text(const MetricColumn& column, const CurveMetrics& curve) {
    const double value = column.value(curve);
    return column.is_count ? format_count(std::int64_t(value)) : format_significant(value);
}

} // namespace

OrderLayout layout_order(Rect area) {
    constexpr float trimmings = caption_height + axes_height;
    OrderLayout layout;
    layout.grid = area;
    const bool has_table = area.width >= 760 && area.height >= 420;
    const float height = area.height - (has_table ? table_height + gap : 0);
    if (area.width < 560 || height < 200) return layout;
    // Three in a row, or the two matrices on top of each other beside a larger grid.
    const bool is_row = area.width > 2.4f * height || height < 420;
    const float side = is_row ? std::min((area.width - 2 * gap) / 3, height - trimmings)
                              : std::min((height - gap) / 2 - trimmings, area.width * 0.4f);
    const float left = is_row ? side : std::min(height - caption_height, area.width - gap - side);
    layout.grid = {area.x, area.y, left, is_row ? side + caption_height : height};
    layout.before = {area.x + left + gap, area.y, side, side + trimmings};
    layout.after = layout.before;
    (is_row ? layout.after.x : layout.after.y) += gap + (is_row ? side : layout.before.height);
    const float below = layout.after.bottom() + gap / 4;
    if (has_table)
        layout.table = {area.x, layout.after.bottom() + gap / 2, area.width, table_height};
    else if (below + table_headline_height <= area.bottom()) // its first line at least
        layout.table = {area.x, below, area.width, table_headline_height};
    return layout;
}

Rect curve_rect(const CurveScene& scene, Rect space) { return cells_of(scene, space).rect; }

void draw_curve(Canvas& canvas, const CurveScene& scene, Rect space) {
    const Theme& colours = theme();
    const Cells place = cells_of(scene, space);
    const CellSet cells = cell_set(scene.order, scene.token_count);
    std::string caption = fmt::format("{} × {} cells", format_count(cells.width), format_count(cells.height));
    if (scene.path.square_side > 1)
        caption += scene.order.curve == Curve::hilbert || scene.order.curve == Curve::morton
                       ? fmt::format(" · a stop is {0} × {0} of them", format_count(scene.path.square_side))
                       : fmt::format(" · every {}th row", format_count(scene.path.square_side));
    canvas.push_clip({space.x, space.y, space.width, caption_height});
    canvas.text({space.x, space.y}, caption, TextStyle::caption, colours.muted);
    canvas.pop_clip();
    draw_cells(canvas, cells, place);
    draw_line(canvas, scene, place);
    if (place.side >= 30 && cells.count <= 1024)
        for (const CurvePath::Stop& stop : scene.path.stops)
            canvas.text({place.at(stop.x, 0).x + 3, place.at(0, stop.y).y + 3}, format_count(stop.rank),
                        TextStyle::caption_number, colours.muted);
    draw_head(canvas, scene, place);
    const bool is_same = scene.query == scene.key;
    if (!is_same) draw_mark(canvas, scene, place, scene.key, "k", colours.warning);
    draw_mark(canvas, scene, place, scene.query, is_same ? "q k" : "q", colours.accent);
}

void draw_order_picture(Canvas& canvas, const PaintedPicture& painted, Rect space, const char* key,
                        std::string_view caption, std::string_view axes) {
    if (space.width <= 0) return;
    const Theme& colours = theme();
    canvas.push_clip(space);
    canvas.text({space.x, space.y}, caption, TextStyle::body, colours.text);
    const Rect where{space.x, space.y + caption_height, space.width, space.height - caption_height - axes_height};
    canvas.filled_rectangle(where, colours.window);
    if (!painted.rgba.empty())
        canvas.image(where, painted.image(key));
    else
        canvas.text({where.x + where.width / 2, where.y + where.height / 2 - 8}, "counting …", TextStyle::caption,
                    colours.muted, Align::centre);
    canvas.rectangle(where, colours.line);
    canvas.text({space.x, where.bottom() + 4}, shortened(canvas, axes, TextStyle::caption, space.width),
                TextStyle::caption, colours.muted);
    canvas.pop_clip();
}

std::vector<float> metrics_columns(Rect table) {
    std::vector<float> rights;
    if (table.height < table_height) return rights;
    const float column_width =
        std::clamp((table.width - name_width) / float(metric_columns().size()), column_width_min, column_width_max);
    for (std::size_t column = 0; column < metric_columns().size(); ++column) {
        const float right = table.x + name_width + float(column + 1) * column_width;
        if (right <= table.right() + 1) rights.push_back(right);
    }
    return rights;
}

void draw_metrics(Canvas& canvas, const OrderMetrics& metrics, Curve chosen, Rect table) {
    if (table.width <= 0) return;
    const Theme& colours = theme();
    const CurveMetrics& row = metrics.curves[0];
    const CurveMetrics& now = metrics.curves[std::size_t(chosen)];
    const std::int64_t side = 2 * metrics.request.reach + 1;
    std::string headline = fmt::format("A {0} × {0} window needs {1} of {2} tiles in rows", side,
                                       format_count(row.active_tiles), format_count(row.tile_count));
    if (chosen != Curve::row && row.active_tiles > 0)
        headline += fmt::format(", {} along {} ({})", format_count(now.active_tiles), enum_name(chosen),
                                format_change(double(now.active_tiles) / double(row.active_tiles)));
    canvas.push_clip(table);
    canvas.text({table.x, table.y}, headline, TextStyle::body, colours.text);
    if (table.height < table_height) return canvas.pop_clip();
    const std::vector<float> rights = metrics_columns(table);
    const float top = table.y + metrics_header;
    const float right = rights.empty() ? table.right() : rights.back();
    canvas.filled_rectangle({table.x, top + float(chosen) * metrics_row, right - table.x + 4, metrics_row},
                            colours.accent.with_alpha(0.14f), 3);
    canvas.line({table.x, top - 1}, {right + 4, top - 1}, colours.line);
    for (int curve = 0; curve < curve_count; ++curve)
        canvas.text({table.x + 6, top + float(curve) * metrics_row + 4}, enum_name(Curve(curve)), TextStyle::body,
                    Curve(curve) == chosen ? colours.text : colours.muted);
    for (std::size_t index = 0; index < rights.size(); ++index) {
        const MetricColumn& column = metric_columns()[index];
        const std::string_view title = column.title;
        const std::size_t space = std::min(title.find(' '), title.size());
        const std::string second(space < title.size() ? title.substr(space + 1) : "");
        const std::string unit = *column.unit ? (second.empty() ? "" : ", ") + std::string(column.unit) : "";
        canvas.text({rights[index], table.y + 36}, title.substr(0, space), TextStyle::caption, colours.muted,
                    Align::right);
        canvas.text({rights[index], table.y + 54}, second + unit, TextStyle::caption, colours.muted, Align::right);
        const unsigned best = best_curves(metrics, column);
        for (int curve = 0; curve < curve_count; ++curve) {
            const bool is_best = best >> curve & 1;
            const std::string text = metric_text(column, metrics.curves[std::size_t(curve)]);
            const float y = top + float(curve) * metrics_row;
            canvas.text({rights[index], y + 4}, text, TextStyle::number, is_best ? colours.good : colours.text,
                        Align::right);
            if (!is_best) continue;
            const float left = rights[index] - canvas.text_size(text, TextStyle::number).x;
            canvas.filled_circle({left - 7, y + metrics_row / 2}, 2.5f, colours.good);
        }
    }
    canvas.pop_clip();
}

} // namespace dilascope
