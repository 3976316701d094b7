#pragma once
// TileOverlay: a grid of square tiles over a picture of the matrix; tiles that hold a pair are tinted, for a kernel
// computes whole tiles.
#include "views/canvas.h"
#include "views/latest_job.h"
#include "views/matrix_camera.h"

namespace dilascope {

struct TileRequest {
    std::uint64_t version = 0; // stands for problem and, with the text, pattern in comparisons
    std::string compare_text;
    Pattern pattern;
    Problem problem;
    std::int64_t head = 0, tile = 64; // tokens
    Range rows, columns;              // tiles
    friend bool operator==(const TileRequest& a, const TileRequest& b) {
        return a.version == b.version && a.compare_text == b.compare_text && a.head == b.head && a.tile == b.tile &&
               a.rows == b.rows && a.columns == b.columns;
    }
};

struct TileMap {
    TileRequest request;
    std::vector<std::uint8_t> active; // rows × columns of the request: the tile holds a pair
    std::int64_t active_count = 0;
};
// The last row and column of tiles may reach over the matrix' edge.
TileMap make_tile_map(const TileRequest& request);

class TileOverlay {
public:
    TileOverlay();
    // Smallest tile that is drawn, logical pixels.
    static constexpr double least_pixels = 6;
    // Draws over the frame; asks for the tiles in sight. `request` needs all but rows and columns.
    void draw(Canvas& canvas, const MatrixFrame& frame, TileRequest request);
    // "64 × 64 tiles in sight: 12 of 64 active"; says how far to zoom when they are too small.
    std::string caption() const { return caption_; }
    bool is_complete() const { return is_complete_; }

private:
    LatestJob<TileRequest, TileMap> maps_;
    std::string caption_;
    bool is_complete_ = true;
};

} // namespace dilascope
