#pragma once
// PatternPicture: the exact density of a region of a pattern as pixels, and its colours. Hue is the densest branch of
// the pixel, opacity the share of its cells that any branch attends.
#include "engine/pattern/count.h"
#include "views/geometry.h"
#include <atomic>
#include <cstdint>
#include <vector>

namespace dilascope {

struct PictureRequest {
    std::uint64_t version = 0; // of the workspace's configuration; stands for pattern and problem in comparisons
    Pattern pattern;
    Problem problem;
    std::int64_t head = 0;
    Region region;
    std::int64_t rows = 0, columns = 0; // pixels; as many as tokens when single cells are to be seen
    int only_branch = -1;               // ≥ 0: this branch alone
    friend bool operator==(const PictureRequest& a, const PictureRequest& b) {
        return a.version == b.version && a.head == b.head && a.region == b.region && a.rows == b.rows &&
               a.columns == b.columns && a.only_branch == b.only_branch;
    }
};

struct PatternPicture {
    PictureRequest request;
    std::vector<float> density;        // rows × columns, active pairs ÷ cells
    std::vector<std::uint8_t> branch;  // rows × columns, the densest one; meaningless where density is 0
    std::vector<float> keys_per_query; // rows, mean over the pixel's queries of the keys each sees in the whole matrix
    double time_ms = 0;                // that it took
};

// Never fails for a valid pattern; unfinished once `cancel` is set.
PatternPicture make_picture(const PictureRequest& request, const std::atomic<bool>* cancel = nullptr);

// Opacity of a pixel: 0 where nothing attends, else 0.14 + 0.86·√density, so that one pair in a million still shows.
float density_alpha(float density);

// rgba[row·columns + column] as Image wants it, straight alpha, over nothing.
std::vector<std::uint32_t> paint(const PatternPicture& picture);
// 0xaabbggrr
std::uint32_t packed(Colour colour);

} // namespace dilascope
