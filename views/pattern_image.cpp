#include "views/pattern_image.h"
#include "views/theme.h"
#include <chrono>
#include <cmath>

namespace dilascope {

namespace {

bool is_set(const std::atomic<bool>* cancel) { return cancel && cancel->load(std::memory_order_relaxed); }

void find_densest_branch(PatternPicture& picture, const std::atomic<bool>* cancel) {
    const PictureRequest& request = picture.request;
    const int count = branch_count(request.pattern);
    std::vector<double> grid(picture.density.size());
    std::vector<float> densest(picture.density.size(), 0.f);
    for (int branch = 0; branch < count && !is_set(cancel); ++branch) {
        density_grid(request.pattern, request.problem, request.head, request.region, request.rows, request.columns,
                     grid, {Count::branch_pairs, branch});
        for (std::size_t pixel = 0; pixel < grid.size(); ++pixel) {
            if (float(grid[pixel]) <= densest[pixel]) continue; // ties go to the first branch
            densest[pixel] = float(grid[pixel]);
            picture.branch[pixel] = std::uint8_t(branch);
        }
    }
}

void count_keys(PatternPicture& picture, Count what) {
    const PictureRequest& request = picture.request;
    const Region rows{request.region.q, {0, request.problem.kv_len}};
    std::vector<double> grid(std::size_t(request.rows));
    density_grid(request.pattern, request.problem, request.head, rows, request.rows, 1, grid, what);
    picture.keys_per_query.resize(grid.size());
    for (std::size_t row = 0; row < grid.size(); ++row)
        picture.keys_per_query[row] = float(grid[row] * double(request.problem.kv_len));
}

} // namespace

PatternPicture make_picture(const PictureRequest& request, const std::atomic<bool>* cancel) {
    const auto start = std::chrono::steady_clock::now();
    PatternPicture picture;
    picture.request = request;
    const std::size_t pixels = std::size_t(request.rows * request.columns);
    const int only = request.only_branch, count = branch_count(request.pattern);
    const Count what = only >= 0 ? Count{Count::branch_pairs, only} : Count{};
    picture.branch.assign(pixels, std::uint8_t(std::max(0, only)));
    picture.density.resize(pixels);
    std::vector<double> grid(pixels);
    density_grid(request.pattern, request.problem, request.head, request.region, request.rows, request.columns, grid,
                 what);
    for (std::size_t pixel = 0; pixel < pixels; ++pixel) picture.density[pixel] = float(grid[pixel]);
    if (only < 0 && count > 1 && !is_set(cancel)) find_densest_branch(picture, cancel);
    if (!is_set(cancel)) count_keys(picture, what);
    picture.time_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return picture;
}

float density_alpha(float density) { return density > 0 ? 0.14f + 0.86f * std::sqrt(std::min(density, 1.f)) : 0.f; }

std::uint32_t packed(Colour colour) {
    return std::uint32_t(colour.r) | std::uint32_t(colour.g) << 8 | std::uint32_t(colour.b) << 16 |
           std::uint32_t(colour.a) << 24;
}

std::vector<std::uint32_t> paint(const PatternPicture& picture) {
    std::vector<std::uint32_t> rgba(picture.density.size(), 0);
    for (std::size_t pixel = 0; pixel < rgba.size(); ++pixel) {
        const float alpha = density_alpha(picture.density[pixel]);
        if (alpha > 0) rgba[pixel] = packed(branch_colour(picture.branch[pixel]).with_alpha(alpha));
    }
    return rgba;
}

} // namespace dilascope
