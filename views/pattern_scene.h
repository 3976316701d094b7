#pragma once
// The pattern as a picture: matrix, strip of keys per query, legend, whole-matrix map. Drawn by the view and by its
// figure.
#include "views/canvas.h"
#include "views/matrix_camera.h"
#include "views/pattern_image.h"

namespace dilascope {

// A picture with its pixels; `image_version` is unique among all pictures of the process.
struct PaintedPicture {
    PatternPicture picture;
    std::vector<std::uint32_t> rgba, shares_rgba; // the matrix; for mixing, the branches' shares of its rows
    std::uint64_t image_version = 0;
    Image image(std::string_view key) const {
        return {key, image_version, int(picture.request.columns), int(picture.request.rows), rgba};
    }
    Image shares_image(std::string_view key) const {
        return {key, image_version, int(shares_columns), int(picture.request.rows), shares_rgba};
    }
};
PaintedPicture make_painted(const PictureRequest& request, const std::atomic<bool>* cancel = nullptr,
                            std::atomic<float>* progress = nullptr);

// The request whose pixels are device pixels of `frame`, or tokens where a token is larger than a pixel.
PictureRequest picture_request(const Pattern& pattern, const Problem& problem, std::int64_t head,
                               const MatrixFrame& frame, float scale);

// Where the parts go. Strips and column are empty where there is no room for them.
struct PatternLayout {
    Rect viewport, strip, top_strip, column;
};
PatternLayout layout_pattern(Rect area, std::int64_t query_count, std::int64_t key_count);

struct PatternScene {
    const PaintedPicture& painted;
    MatrixFrame frame;
    bool dimmed = false; // a newer picture is on its way
    const char* image_key = "pattern/matrix";
};
void draw_matrix(Canvas& canvas, const PatternScene& scene);
// A left of the divider, B right of it; the divider stands at `x`.
void draw_swiped_matrix(Canvas& canvas, const PatternScene& a, const PatternScene& b, float x);
// Mean keys per query of each pixel row, bars to the right; the caption names the longest. Of mixing, the branches'
// shares of the row side by side.
void draw_keys_strip(Canvas& canvas, const PatternScene& scene, Rect strip);
// Mean queries per key of each pixel column, bars upwards; the number at the right is the longest.
void draw_queries_strip(Canvas& canvas, const PatternScene& scene, Rect strip);
// The whole matrix with a frame around what is visible.
void draw_map(Canvas& canvas, const PaintedPicture& whole, Rect where, const MatrixFrame& frame);
// Largest rectangle of the matrix' aspect at the bottom of the column.
Rect map_rect(Rect column, std::int64_t query_count, std::int64_t key_count);

} // namespace dilascope
