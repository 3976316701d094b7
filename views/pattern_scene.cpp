#include "views/pattern_scene.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/theme.h"
#include <bit>
#include <cmath>

namespace dilascope {

namespace {

constexpr float strip_width = 64, strip_gap = 10, column_width = 132, column_gap = 24;
constexpr float top_strip_height = 36, top_strip_gap = 6;

void draw_branch_stripes(Canvas& canvas, BranchSet set, Rect cell) {
    const int count = std::popcount(set);
    int stripe = 0;
    for (int branch = 0; count > 1 && stripe < count; ++branch)
        if (set >> branch & 1) {
            const float width = cell.width / float(count);
            canvas.filled_rectangle({cell.x + width * float(stripe++), cell.y, width, cell.height},
                                    branch_colour(branch));
        }
}

// Cells that several branches share show each branch's colour side by side; large cells show how often they count, or
// which pattern has them.
void draw_large_cells(Canvas& canvas, const PatternScene& scene) {
    const double side = scene.frame.pixels_per_token;
    const PictureRequest& request = scene.painted.picture.request;
    if (request.colours == PictureColours::mixing) return; // one share for all pairs of a branch in the row
    const bool is_branches = request.colours == PictureColours::branches;
    if (side < (is_branches ? cell_branch_pixels : cell_value_pixels)) return;
    const Colour ink = theme_of(ThemeMode::dark).window; // on branch colours, which are bright in both themes
    const Region cells = scene.frame.visible();
    for (std::int64_t q = cells.q.begin; q < cells.q.end; ++q)
        for (std::int64_t k = cells.k.begin; k < cells.k.end; ++k) {
            const BranchSet set = branches(request.pattern, request.problem, request.head, q, k);
            const Rect cell{float(scene.frame.x_of(double(k))), float(scene.frame.y_of(double(q))), float(side),
                            float(side)};
            std::string value;
            if (request.colours == PictureColours::difference) {
                const bool in_a = branches(*request.minus, request.problem, request.head, q, k) != 0;
                value = in_a && set ? "A B" : in_a ? "A" : set ? "B" : "";
            } else if (set && request.only_branch < 0) {
                if (is_branches) draw_branch_stripes(canvas, set, cell);
                value = std::to_string(multiplicity(request.pattern, set));
            }
            if (side < cell_value_pixels || value.empty()) continue;
            canvas.text({cell.x + cell.width / 2, cell.y + cell.height / 2 - 8}, value, TextStyle::caption_number, ink,
                        Align::centre);
        }
}

// Calls f(begin, end, value) for each run of equal neighbours above 0: they are one rectangle.
template <class F> void for_equal_runs(const std::vector<float>& values, F f) {
    for (std::size_t begin = 0, end = 0; begin < values.size(); begin = end) {
        for (end = begin + 1; end < values.size() && values[end] == values[begin];) ++end;
        if (values[begin] > 0) f(begin, end, values[begin]);
    }
}

Colour strip_colour(const PictureRequest& request) {
    return branch_colour(std::max(0, request.only_branch)).with_alpha(0.7f);
}

std::int64_t pixels_of(float length, float scale) {
    return std::max<std::int64_t>(1, std::llround(double(length) * double(scale)));
}

// Sets tokens and pixels of one side. Pixels of few tokens get an equal number each: neighbours of one and of two
// tokens would beat against the dilation and draw stripes that are not in the pattern.
void fit_side(Range& tokens, std::int64_t& pixels, std::int64_t count) {
    constexpr std::int64_t few = 8;
    pixels = std::clamp<std::int64_t>(pixels, 1, std::max<std::int64_t>(1, tokens.size()));
    const std::int64_t block = (tokens.size() + pixels - 1) / pixels;
    if (block < 2 || block > few) return;
    tokens = {tokens.begin / block * block, std::min(count, (tokens.end + block - 1) / block * block)};
    pixels = (tokens.size() + block - 1) / block;
}

} // namespace

PaintedPicture make_painted(const PictureRequest& request, const std::atomic<bool>* cancel,
                            std::atomic<float>* progress) {
    static std::atomic<std::uint64_t> newest = 0;
    PaintedPicture painted;
    painted.picture = make_picture(request, cancel, progress);
    painted.rgba = paint(painted.picture);
    if (request.colours == PictureColours::mixing)
        painted.shares_rgba = paint_shares(painted.picture.shares, request.rows);
    painted.image_version = ++newest;
    return painted;
}

PictureRequest picture_request(const Pattern& pattern, const Problem& problem, std::int64_t head,
                               const MatrixFrame& frame, float scale) {
    PictureRequest request;
    request.pattern = pattern;
    request.problem = problem;
    request.head = head;
    request.region = frame.visible();
    const Rect shown = frame.rect_of(request.region);
    request.rows = pixels_of(shown.height, scale);
    request.columns = pixels_of(shown.width, scale);
    fit_side(request.region.q, request.rows, problem.seq_len);
    fit_side(request.region.k, request.columns, problem.kv_len);
    return request;
}

PatternLayout layout_pattern(Rect area, std::int64_t query_count, std::int64_t key_count) {
    PatternLayout layout;
    const float strip = area.width >= 400 ? strip_gap + strip_width : 0;
    const float column = area.width >= 560 ? column_gap + column_width : 0;
    const float top = strip > 0 && area.height >= 400 ? top_strip_height + top_strip_gap : 0;
    layout.viewport =
        matrix_viewport({area.x, area.y + top, area.width - strip - column, area.height - top}, query_count, key_count);
    const Rect& view = layout.viewport;
    if (strip > 0) layout.strip = {view.right() + strip_gap, view.y, strip_width, view.height};
    if (top > 0) layout.top_strip = {view.x, area.y, view.width, top_strip_height};
    if (column > 0) layout.column = {view.right() + strip + column_gap, area.y, column_width, view.bottom() - area.y};
    return layout;
}

// What lies within the viewport.
static void draw_pairs(Canvas& canvas, const PatternScene& scene) {
    const MatrixFrame& frame = scene.frame;
    const PictureRequest& request = scene.painted.picture.request;
    const Colour background = theme().window;
    canvas.filled_rectangle(frame.viewport, background);
    canvas.push_clip(frame.viewport);
    if (request.rows > 0 && request.columns > 0 && !scene.painted.rgba.empty())
        canvas.image(frame.rect_of(request.region), scene.painted.image(scene.image_key));
    if (!scene.dimmed) draw_large_cells(canvas, scene);
    draw_cell_gaps(canvas, frame, background);
    if (scene.dimmed) canvas.filled_rectangle(frame.viewport, background.with_alpha(0.5f));
    canvas.pop_clip();
    if (!is_permuted(request.pattern)) // along a curve segments are no squares
        draw_segments(canvas, frame, request.pattern, request.problem, request.only_branch);
}

void draw_matrix(Canvas& canvas, const PatternScene& scene) {
    draw_pairs(canvas, scene);
    draw_matrix_axes(canvas, scene.frame);
}

void draw_swiped_matrix(Canvas& canvas, const PatternScene& a, const PatternScene& b, float x) {
    const Rect& view = b.frame.viewport;
    const Theme& colours = theme();
    canvas.push_clip({view.x, view.y, x - view.x, view.height});
    draw_pairs(canvas, a);
    canvas.pop_clip();
    canvas.push_clip({x, view.y, view.right() - x, view.height});
    draw_pairs(canvas, b);
    canvas.pop_clip();
    draw_matrix_axes(canvas, b.frame);
    canvas.line({x, view.y}, {x, view.bottom()}, colours.accent, 2);
    constexpr float chip = 22;
    for (const auto& [name, left] : {std::pair{"A", x - 6 - chip}, {"B", x + 6}}) {
        if (left < view.x || left + chip > view.right()) continue;
        const Rect card{left, view.y + 6, chip, chip};
        canvas.filled_rectangle(card, colours.raised.with_alpha(0.92f), space::radius);
        canvas.text({card.x + chip / 2, card.y + 2}, name, TextStyle::title, colours.text, Align::centre);
    }
}

// The share of the softmax from 0 to 1 across the strip.
static void draw_shares_strip(Canvas& canvas, const PatternScene& scene, Rect strip) {
    const PictureRequest& request = scene.painted.picture.request;
    canvas.push_clip(strip);
    if (request.rows > 0 && !scene.painted.shares_rgba.empty()) {
        const Rect rows = scene.frame.rect_of(request.region);
        canvas.image({strip.x, rows.y, strip.width, rows.height}, scene.painted.shares_image("pattern/shares"));
    }
    canvas.pop_clip();
    canvas.rectangle(strip, theme().line);
    canvas.text({strip.x, strip.y - matrix_axis_top}, "share of row", TextStyle::caption, theme().muted);
    canvas.text({strip.right(), strip.y - 20}, "0 … 1", TextStyle::caption_number, theme().muted, Align::right);
}

void draw_keys_strip(Canvas& canvas, const PatternScene& scene, Rect strip) {
    if (strip.width <= 0) return;
    const PatternPicture& picture = scene.painted.picture;
    if (picture.request.colours == PictureColours::mixing) return draw_shares_strip(canvas, scene, strip);
    const std::vector<float>& keys = picture.keys_per_query;
    const float most = keys.empty() ? 0 : *std::max_element(keys.begin(), keys.end());
    canvas.push_clip(strip);
    const Rect rows = scene.frame.rect_of(picture.request.region);
    const float height = keys.empty() ? 0 : rows.height / float(keys.size());
    for_equal_runs(keys, [&](std::size_t begin, std::size_t end, float value) {
        canvas.filled_rectangle(
            {strip.x, rows.y + float(begin) * height, strip.width * value / most, float(end - begin) * height},
            strip_colour(picture.request));
    });
    canvas.pop_clip();
    canvas.line({strip.x, strip.y}, {strip.x, strip.bottom()}, theme().line);
    canvas.text({strip.x, strip.y - matrix_axis_top}, "keys / query", TextStyle::caption, theme().muted);
    canvas.text({strip.right(), strip.y - 20}, format_significant(most), TextStyle::caption_number, theme().muted,
                Align::right);
    canvas.line({strip.right(), strip.y - 4}, {strip.right(), strip.y}, theme().muted);
}

void draw_queries_strip(Canvas& canvas, const PatternScene& scene, Rect strip) {
    if (strip.height <= 0) return;
    const PatternPicture& picture = scene.painted.picture;
    const std::vector<float>& queries = picture.queries_per_key;
    const float most = queries.empty() ? 0 : *std::max_element(queries.begin(), queries.end());
    canvas.push_clip(strip);
    const Rect columns = scene.frame.rect_of(picture.request.region);
    const float width = queries.empty() ? 0 : columns.width / float(queries.size());
    for_equal_runs(queries, [&](std::size_t begin, std::size_t end, float value) {
        const float height = strip.height * value / most;
        canvas.filled_rectangle(
            {columns.x + float(begin) * width, strip.bottom() - height, float(end - begin) * width, height},
            strip_colour(picture.request));
    });
    canvas.pop_clip();
    canvas.line({strip.x, strip.bottom()}, {strip.right(), strip.bottom()}, theme().line);
    canvas.text({strip.right() + strip_gap, strip.y}, format_significant(most), TextStyle::caption_number,
                theme().muted);
    canvas.text({strip.right() + strip_gap, strip.y + 18}, "queries / key", TextStyle::caption, theme().muted);
    canvas.line({strip.right(), strip.y}, {strip.right() + 4, strip.y}, theme().muted);
}

Rect map_rect(Rect column, std::int64_t query_count, std::int64_t key_count) {
    const float side = std::min(column.width, 120.f);
    const float height =
        std::max(4.f, float(double(side) * double(query_count) / double(std::max(query_count, key_count))));
    return {column.x, column.bottom() - height, side, height};
}

void draw_map(Canvas& canvas, const PaintedPicture& whole, Rect where, const MatrixFrame& frame) {
    const Theme& colours = theme();
    canvas.text({where.x, where.y - 20}, "whole matrix", TextStyle::caption, colours.muted);
    canvas.filled_rectangle(where, colours.window);
    canvas.image(where, whole.image("pattern/map"));
    canvas.rectangle(where, colours.line);
    const Region visible = frame.visible();
    const float across = where.width / float(frame.key_count), down = where.height / float(frame.query_count);
    Rect box{where.x + float(visible.k.begin) * across, where.y + float(visible.q.begin) * down,
             std::max(4.f, float(visible.k.size()) * across), std::max(4.f, float(visible.q.size()) * down)};
    canvas.rectangle(box, colours.accent, 1.5f);
}

} // namespace dilascope
