#include "views/matrix_plot.h"
#include "views/plot_axis.h"
#include "views/theme.h"
#include <cmath>

namespace dilascope {

namespace {

constexpr float label_pixels_across = 60, label_pixels_down = 34;
constexpr double segment_pixels_min = 6;

std::vector<Tick> ticks_of(double first, double pixels, double pixels_per_token, std::int64_t count,
                           float label_pixels) {
    Axis axis;
    axis.unit = "tokens";
    axis.min = std::max(0.0, first);
    axis.max = std::min(first + pixels / pixels_per_token, double(count));
    if (!(axis.max > axis.min)) return {};
    const double shown = (axis.max - axis.min) * pixels_per_token;
    return axis_ticks(axis, std::max(2, int(shown / label_pixels)));
}

// A tick stands at its token's first edge, or in the middle of cells that are wide enough to tell the difference.
double tick_shift(const MatrixFrame& frame) {
    return frame.pixels_per_token >= cell_branch_pixels ? frame.pixels_per_token / 2 : 0;
}

Rect overlap(Rect a, Rect b) {
    const float x = std::max(a.x, b.x), y = std::max(a.y, b.y);
    return {x, y, std::max(0.f, std::min(a.right(), b.right()) - x),
            std::max(0.f, std::min(a.bottom(), b.bottom()) - y)};
}

Rect matrix_rect(const MatrixFrame& frame) {
    return overlap(frame.rect_of({{0, frame.query_count}, {0, frame.key_count}}), frame.viewport);
}

} // namespace

Rect matrix_viewport(Rect space, std::int64_t query_count, std::int64_t key_count) {
    const Rect room{space.x + matrix_axis_left, space.y + matrix_axis_top,
                    std::max(1.f, space.width - matrix_axis_left - 1),
                    std::max(1.f, space.height - matrix_axis_top - 1)};
    const float aspect =
        float(std::clamp(double(key_count) / double(std::max<std::int64_t>(1, query_count)), 1.0, 3.0));
    const float height = std::floor(std::min(room.height, room.width / aspect));
    return {room.x, room.y, std::floor(height * aspect), height};
}

void draw_matrix_axes(Canvas& canvas, const MatrixFrame& frame) {
    const Theme& colours = theme();
    const Rect box = matrix_rect(frame);
    const double shift = tick_shift(frame);
    const Colour grid = colours.text.with_alpha(0.05f);
    for (const Tick& tick :
         ticks_of(frame.k_left, frame.viewport.width, frame.pixels_per_token, frame.key_count, label_pixels_across)) {
        const float x = float(frame.x_of(tick.value) + shift);
        if (x < box.x - 0.5f || x > box.right() + 0.5f) continue;
        if (shift == 0 && x > box.x + 1 && x < box.right() - 1) canvas.line({x, box.y}, {x, box.bottom()}, grid);
        canvas.line({x, box.y - 4}, {x, box.y}, colours.muted);
        canvas.text({x, box.y - 20}, tick.label, TextStyle::caption_number, colours.muted, Align::centre);
    }
    for (const Tick& tick :
         ticks_of(frame.q_top, frame.viewport.height, frame.pixels_per_token, frame.query_count, label_pixels_down)) {
        const float y = float(frame.y_of(tick.value) + shift);
        if (y < box.y - 0.5f || y > box.bottom() + 0.5f) continue;
        if (shift == 0 && y > box.y + 1 && y < box.bottom() - 1) canvas.line({box.x, y}, {box.right(), y}, grid);
        canvas.line({box.x - 4, y}, {box.x, y}, colours.muted);
        canvas.text({box.x - 8, y - 8}, tick.label, TextStyle::caption_number, colours.muted, Align::right);
    }
    canvas.rectangle(box, colours.line);
    canvas.text({box.x + box.width / 2, box.y - matrix_axis_top}, "key, tokens", TextStyle::caption, colours.muted,
                Align::centre);
    canvas.vertical_text({box.x - matrix_axis_left + 8, box.y + box.height / 2}, "query, tokens", TextStyle::caption,
                         colours.muted);
}

void draw_cell_gaps(Canvas& canvas, const MatrixFrame& frame, Colour gap) {
    if (frame.pixels_per_token < cell_gap_pixels) return;
    const Rect box = matrix_rect(frame);
    const Region cells = frame.visible();
    for (std::int64_t k = cells.k.begin + 1; k < cells.k.end; ++k)
        canvas.line({float(frame.x_of(double(k))), box.y}, {float(frame.x_of(double(k))), box.bottom()}, gap);
    for (std::int64_t q = cells.q.begin + 1; q < cells.q.end; ++q)
        canvas.line({box.x, float(frame.y_of(double(q)))}, {box.right(), float(frame.y_of(double(q)))}, gap);
}

void draw_segments(Canvas& canvas, const MatrixFrame& frame, const Pattern& pattern, const Problem& problem,
                   int only_branch) {
    const Dilated* dilated = std::get_if<Dilated>(&pattern.kind);
    if (!dilated) return;
    const Region visible = frame.visible();
    const std::int64_t offset = problem.kv_len - problem.seq_len; // of query positions
    canvas.push_clip(frame.viewport);
    for (int branch = branch_count(*dilated) - 1; branch >= 0; --branch) {
        const std::int64_t length = dilated->segment_lengths[std::size_t(branch)];
        if ((only_branch >= 0 && branch != only_branch) || length >= problem.kv_len) continue;
        if (double(length) * frame.pixels_per_token < segment_pixels_min) continue;
        const std::int64_t first = std::max(visible.k.begin, visible.q.begin + offset) / length;
        for (std::int64_t segment = first;
             segment * length < visible.k.end && segment * length - offset < visible.q.end; ++segment) {
            const Range keys{segment * length, std::min((segment + 1) * length, problem.kv_len)};
            const Range queries{std::max<std::int64_t>(0, keys.begin - offset), keys.end - offset};
            if (queries.size() == 0) continue;
            // Edges outside are moved to just outside: floats cannot place them when far away.
            const Rect outline = overlap(frame.rect_of({queries, keys}), frame.viewport.inset(-4));
            const Colour colour = branch_colour(branch).with_alpha(0.45f);
            if (!problem.causal) {
                canvas.rectangle(outline, colour);
                continue;
            }
            // Nothing above the diagonal: the two legs of the triangle.
            canvas.line({outline.x, outline.y}, {outline.x, outline.bottom()}, colour);
            canvas.line({outline.x, outline.bottom()}, {outline.right(), outline.bottom()}, colour);
        }
    }
    canvas.pop_clip();
}

void draw_crosshair(Canvas& canvas, const MatrixFrame& frame, std::int64_t q, std::int64_t k) {
    const Rect box = matrix_rect(frame);
    const Colour colour = theme().text.with_alpha(0.55f);
    const float x = float(frame.x_of(double(k) + 0.5)), y = float(frame.y_of(double(q) + 0.5));
    if (x >= box.x && x <= box.right()) canvas.line({x, box.y}, {x, box.bottom()}, colour);
    if (y >= box.y && y <= box.bottom()) canvas.line({box.x, y}, {box.right(), y}, colour);
}

void draw_picked_cell(Canvas& canvas, const MatrixFrame& frame, std::int64_t q, std::int64_t k) {
    constexpr double least = 5;
    const double side = std::max(least, frame.pixels_per_token);
    const double x = frame.x_of(double(k) + 0.5), y = frame.y_of(double(q) + 0.5);
    canvas.push_clip(frame.viewport.inset(-3));
    canvas.rectangle({float(x - side / 2), float(y - side / 2), float(side), float(side)}, theme().accent, 2);
    canvas.pop_clip();
}

} // namespace dilascope
