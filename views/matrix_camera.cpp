#include "views/matrix_camera.h"
#include <cmath>

namespace dilascope {

namespace {

constexpr double span_min = 1; // tokens: one cell fills the view

// Top-left token of an axis so that `centre` is in the middle, without showing more void than needed.
double axis_origin(double centre, double visible, double count) {
    if (visible >= count) return (count - visible) / 2;
    return std::clamp(centre - visible / 2, 0.0, count - visible);
}

double smaller_side(const MatrixFrame& frame) {
    return std::max(1.f, std::min(frame.viewport.width, frame.viewport.height));
}

// Writes a frame's placement back into the camera, centre clamped to what the frame can show.
void keep(MatrixCamera& camera, const MatrixFrame& frame, double pixels_per_token, double q_top, double k_left) {
    const double rows = frame.viewport.height / pixels_per_token, columns = frame.viewport.width / pixels_per_token;
    camera.fitted = false;
    camera.span = smaller_side(frame) / pixels_per_token;
    camera.q_centre = axis_origin(q_top + rows / 2, rows, double(frame.query_count)) + rows / 2;
    camera.k_centre = axis_origin(k_left + columns / 2, columns, double(frame.key_count)) + columns / 2;
}

double fit_scale(const Rect& viewport, std::int64_t query_count, std::int64_t key_count) {
    return std::max(1e-12, std::min(std::max(1.f, viewport.width) / double(key_count),
                                    std::max(1.f, viewport.height) / double(query_count)));
}

Range clip_tokens(double from, double to, std::int64_t count) {
    return {std::clamp<std::int64_t>(std::int64_t(std::floor(from)), 0, count),
            std::clamp<std::int64_t>(std::int64_t(std::ceil(to)), 0, count)};
}

} // namespace

MatrixFrame frame_of(const MatrixCamera& camera, std::int64_t query_count, std::int64_t key_count, Rect viewport) {
    MatrixFrame frame{viewport, std::max<std::int64_t>(1, query_count), std::max<std::int64_t>(1, key_count)};
    const double fit = fit_scale(viewport, frame.query_count, frame.key_count);
    frame.pixels_per_token = fit;
    if (!camera.fitted) frame.pixels_per_token = std::max(fit, smaller_side(frame) / std::max(span_min, camera.span));
    const double rows = viewport.height / frame.pixels_per_token, columns = viewport.width / frame.pixels_per_token;
    frame.q_top = axis_origin(camera.q_centre, rows, double(frame.query_count));
    frame.k_left = axis_origin(camera.k_centre, columns, double(frame.key_count));
    return frame;
}

Region MatrixFrame::visible() const {
    return {clip_tokens(q_top, q_top + viewport.height / pixels_per_token, query_count),
            clip_tokens(k_left, k_left + viewport.width / pixels_per_token, key_count)};
}

Rect MatrixFrame::rect_of(const Region& region) const {
    const double x = x_of(double(region.k.begin)), y = y_of(double(region.q.begin));
    return {float(x), float(y), float(std::max(2.0, x_of(double(region.k.end)) - x)),
            float(std::max(2.0, y_of(double(region.q.end)) - y))};
}

bool MatrixFrame::cell_at(Point point, std::int64_t& q, std::int64_t& k) const {
    if (!viewport.contains(point)) return false;
    const double row = std::floor(q_at(point.y)), column = std::floor(k_at(point.x));
    if (row < 0 || column < 0 || row >= double(query_count) || column >= double(key_count)) return false;
    q = std::int64_t(row);
    k = std::int64_t(column);
    return true;
}

void zoom_at(MatrixCamera& camera, const MatrixFrame& frame, Point at, double factor) {
    const double fit = fit_scale(frame.viewport, frame.query_count, frame.key_count);
    const double closest = smaller_side(frame) / span_min;
    const double scale = std::min(closest, frame.pixels_per_token * factor);
    if (scale <= fit) {
        camera = MatrixCamera{};
        return;
    }
    const double q = frame.q_at(at.y), k = frame.k_at(at.x);
    keep(camera, frame, scale, q - (at.y - frame.viewport.y) / scale, k - (at.x - frame.viewport.x) / scale);
}

void pan_by(MatrixCamera& camera, const MatrixFrame& frame, Point pixels) {
    if (camera.fitted) return;
    keep(camera, frame, frame.pixels_per_token, frame.q_top - pixels.y / frame.pixels_per_token,
         frame.k_left - pixels.x / frame.pixels_per_token);
}

void go_to(MatrixCamera& camera, const MatrixFrame& frame, std::int64_t q, std::int64_t k, double span) {
    const double fit = fit_scale(frame.viewport, frame.query_count, frame.key_count);
    const double scale =
        span > 0 ? std::max(fit, smaller_side(frame) / std::max(span_min, span)) : frame.pixels_per_token;
    keep(camera, frame, scale, double(q) + 0.5 - frame.viewport.height / scale / 2,
         double(k) + 0.5 - frame.viewport.width / scale / 2);
}

void reveal(MatrixCamera& camera, const MatrixFrame& frame, std::int64_t q, std::int64_t k) {
    if (camera.fitted) return;
    const double rows = frame.viewport.height / frame.pixels_per_token;
    const double columns = frame.viewport.width / frame.pixels_per_token;
    const double q_top = std::clamp(frame.q_top, std::min(double(q), double(q) + 1 - rows), double(q));
    const double k_left = std::clamp(frame.k_left, std::min(double(k), double(k) + 1 - columns), double(k));
    keep(camera, frame, frame.pixels_per_token, q_top, k_left);
}

double wheel_zoom(float notches, bool finer, bool faster) {
    const double octaves = finer ? 0.08 : faster ? 1.0 : 0.35;
    return std::exp2(double(notches) * octaves);
}

} // namespace dilascope
