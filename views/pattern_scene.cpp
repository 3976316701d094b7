#include "views/pattern_scene.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/theme.h"
#include <bit>
#include <cmath>

namespace dilascope {

namespace {

constexpr float strip_width = 64, strip_gap = 10, column_width = 132, column_gap = 24;

// Cells that several branches share show each branch's colour side by side; large cells show how often they count.
void draw_large_cells(Canvas& canvas, const PatternScene& scene) {
    const double side = scene.frame.pixels_per_token;
    if (side < cell_branch_pixels) return;
    const PictureRequest& request = scene.painted.picture.request;
    const Colour ink = theme_of(ThemeMode::dark).window; // on branch colours, which are bright in both themes
    const Region cells = scene.frame.visible();
    for (std::int64_t q = cells.q.begin; q < cells.q.end; ++q)
        for (std::int64_t k = cells.k.begin; k < cells.k.end; ++k) {
            const BranchSet set = branches(request.pattern, request.problem, request.head, q, k);
            const int count = std::popcount(set);
            if (count == 0 || request.only_branch >= 0) continue;
            const float x = float(scene.frame.x_of(double(k))), y = float(scene.frame.y_of(double(q)));
            const float width = float(side) / float(count);
            int stripe = 0;
            for (int branch = 0; count > 1 && stripe < count; ++branch)
                if (set >> branch & 1)
                    canvas.filled_rectangle({x + width * float(stripe++), y, width, float(side)},
                                            branch_colour(branch));
            if (side < cell_value_pixels) continue;
            canvas.text({x + float(side) / 2, y + float(side) / 2 - 8}, std::to_string(count),
                        TextStyle::caption_number, ink, Align::centre);
        }
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

PaintedPicture make_painted(const PictureRequest& request, const std::atomic<bool>* cancel) {
    static std::atomic<std::uint64_t> newest = 0;
    PaintedPicture painted;
    painted.picture = make_picture(request, cancel);
    painted.rgba = paint(painted.picture);
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
    layout.viewport =
        matrix_viewport({area.x, area.y, area.width - strip - column, area.height}, query_count, key_count);
    const Rect& view = layout.viewport;
    if (strip > 0) layout.strip = {view.right() + strip_gap, view.y, strip_width, view.height};
    if (column > 0) layout.column = {view.right() + strip + column_gap, area.y, column_width, view.bottom() - area.y};
    return layout;
}

void draw_matrix(Canvas& canvas, const PatternScene& scene) {
    const MatrixFrame& frame = scene.frame;
    const PictureRequest& request = scene.painted.picture.request;
    const Colour background = theme().window;
    canvas.filled_rectangle(frame.viewport, background);
    canvas.push_clip(frame.viewport);
    if (request.rows > 0 && request.columns > 0 && !scene.painted.rgba.empty())
        canvas.image(frame.rect_of(request.region), scene.painted.image("pattern/matrix"));
    if (!scene.dimmed) draw_large_cells(canvas, scene);
    draw_cell_gaps(canvas, frame, background);
    if (scene.dimmed) canvas.filled_rectangle(frame.viewport, background.with_alpha(0.5f));
    canvas.pop_clip();
    draw_segments(canvas, frame, request.pattern, request.problem, request.only_branch);
    draw_matrix_axes(canvas, frame);
}

void draw_keys_strip(Canvas& canvas, const PatternScene& scene, Rect strip) {
    if (strip.width <= 0) return;
    const PatternPicture& picture = scene.painted.picture;
    const std::vector<float>& keys = picture.keys_per_query;
    const float most = keys.empty() ? 0 : *std::max_element(keys.begin(), keys.end());
    const Colour fill = branch_colour(std::max(0, picture.request.only_branch)).with_alpha(0.7f);
    canvas.push_clip({strip.x, strip.y, strip.width, strip.height});
    const Rect rows = scene.frame.rect_of(picture.request.region);
    const float height = keys.empty() ? 0 : rows.height / float(keys.size());
    for (std::size_t row = 0; row < keys.size() && most > 0;) {
        std::size_t end = row + 1; // equal neighbours are one rectangle
        while (end < keys.size() && keys[end] == keys[row]) ++end;
        canvas.filled_rectangle(
            {strip.x, rows.y + float(row) * height, strip.width * keys[row] / most, float(end - row) * height}, fill);
        row = end;
    }
    canvas.pop_clip();
    canvas.line({strip.x, strip.y}, {strip.x, strip.bottom()}, theme().line);
    canvas.text({strip.x, strip.y - matrix_axis_top}, "keys / query", TextStyle::caption, theme().muted);
    canvas.text({strip.right(), strip.y - 20}, format_significant(most), TextStyle::caption_number, theme().muted,
                Align::right);
    canvas.line({strip.right(), strip.y - 4}, {strip.right(), strip.y}, theme().muted);
}

float draw_legend(Canvas& canvas, const Pattern& pattern, Rect column, int only_branch, double pixels_per_token) {
    if (column.width <= 0) return 0;
    const Theme& colours = theme();
    canvas.text({column.x, column.y}, "branches", TextStyle::caption, colours.muted);
    float top = column.y + legend_header;
    const int count = branch_count(pattern);
    for (int branch = 0; branch < count; ++branch, top += legend_row) {
        const bool shown = only_branch < 0 || only_branch == branch;
        canvas.filled_rectangle({column.x, top + 4, 12, 12}, branch_colour(branch).with_alpha(shown ? 1.f : 0.25f), 3);
        canvas.text({column.x + 20, top + 2}, branch_label(pattern, branch), TextStyle::number,
                    shown ? colours.text : colours.disabled);
    }
    if (pixels_per_token >= cell_gap_pixels) return top - column.y;
    top += space::gap;
    canvas.text({column.x, top}, "density of a pixel", TextStyle::caption, colours.muted);
    top += 20;
    const float width = column.width - 16;
    for (float step = 0; step < width; step += 2) { // linear in √density, as the eye takes opacity
        const float root = step / width;
        canvas.filled_rectangle({column.x + step, top, 2, 8}, colours.text.with_alpha(density_alpha(root * root)));
    }
    for (const auto& [density, label] : {std::pair{0.f, "0"}, {0.1f, "10"}, {0.5f, "50"}, {1.f, "100 %"}}) {
        const Align align = density == 0 ? Align::left : Align::centre;
        canvas.text({column.x + width * std::sqrt(density), top + 11}, label, TextStyle::caption_number, colours.muted,
                    align);
    }
    return top + 28 - column.y;
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
