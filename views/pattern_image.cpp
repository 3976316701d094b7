#include "views/pattern_image.h"
#include "views/theme.h"
#include <algorithm>
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

// The branch that most of the row goes to, of those with a pair in the pixel.
void find_largest_share(PatternPicture& picture, const std::atomic<bool>* cancel, std::atomic<float>* progress) {
    const PictureRequest& request = picture.request;
    const SharesRequest rows{request.pattern, request.problem, request.head, request.region.q, request.rows};
    picture.shares =
        request.tensors ? score_shares(rows, *request.tensors, cancel, progress) : count_shares(rows, cancel);
    const std::size_t branches = std::size_t(branch_count(request.pattern));
    std::vector<double> grid(picture.density.size());
    std::fill(picture.density.begin(), picture.density.end(), 0.f);
    for (std::size_t branch = 0; branch < branches && !is_set(cancel); ++branch) {
        density_grid(request.pattern, request.problem, request.head, request.region, request.rows, request.columns,
                     grid, {Count::branch_pairs, int(branch)});
        for (std::size_t pixel = 0; pixel < grid.size(); ++pixel) {
            const float share = picture.shares.share[pixel / std::size_t(request.columns) * branches + branch];
            if (grid[pixel] <= 0 || share <= picture.density[pixel]) continue;
            picture.density[pixel] = share;
            picture.branch[pixel] = std::uint8_t(branch);
        }
    }
}

void add_overlap(PatternPicture& picture) {
    const PictureRequest& request = picture.request;
    std::vector<double> grid(picture.density.size());
    density_grid(request.pattern, request.problem, request.head, request.region, request.rows, request.columns, grid,
                 {Count::multiplicity});
    picture.overlap.resize(grid.size());
    for (std::size_t pixel = 0; pixel < grid.size(); ++pixel)
        picture.overlap[pixel] = picture.density[pixel] > 0 ? float(grid[pixel] / double(picture.density[pixel])) : 0;
}

void add_other(PatternPicture& picture) {
    const PictureRequest& request = picture.request;
    std::vector<double> grid(picture.density.size());
    density_grid(*request.minus, request.problem, request.head, request.region, request.rows, request.columns, grid);
    picture.density_a.assign(grid.begin(), grid.end());
}

void count_queries(PatternPicture& picture, Count what) {
    const PictureRequest& request = picture.request;
    const Region columns{{0, request.problem.seq_len}, request.region.k};
    std::vector<double> grid(std::size_t(request.columns));
    density_grid(request.pattern, request.problem, request.head, columns, 1, request.columns, grid, what);
    for (const double density : grid)
        picture.queries_per_key.push_back(float(density * double(request.problem.seq_len)));
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

PatternPicture make_picture(const PictureRequest& request, const std::atomic<bool>* cancel,
                            std::atomic<float>* progress) {
    const auto start = std::chrono::steady_clock::now();
    PatternPicture picture;
    picture.request = request;
    const std::size_t pixels = std::size_t(request.rows * request.columns);
    const int only = request.only_branch, count = branch_count(request.pattern);
    const Count what = only >= 0 ? Count{Count::branch_pairs, only} : Count{};
    picture.branch.assign(pixels, std::uint8_t(std::max(0, only)));
    picture.density.resize(pixels);
    if (request.colours == PictureColours::mixing) {
        find_largest_share(picture, cancel, progress);
    } else {
        std::vector<double> grid(pixels);
        density_grid(request.pattern, request.problem, request.head, request.region, request.rows, request.columns,
                     grid, what);
        picture.density.assign(grid.begin(), grid.end());
    }
    const bool has_hue = request.colours == PictureColours::branches && only < 0 && count > 1;
    if (has_hue && !is_set(cancel)) find_densest_branch(picture, cancel);
    if (request.colours == PictureColours::multiplicity && !is_set(cancel)) add_overlap(picture);
    if (request.colours == PictureColours::difference && !is_set(cancel)) add_other(picture);
    if (request.has_strips && !is_set(cancel)) count_keys(picture, what);
    if (request.has_strips && !is_set(cancel)) count_queries(picture, what);
    picture.time_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return picture;
}

float share_alpha(float share) { return share > 0 ? 0.14f + 0.86f * std::min(share, 1.f) : 0.f; }

float density_alpha(float density) { return density > 0 ? 0.14f + 0.86f * std::sqrt(std::min(density, 1.f)) : 0.f; }

std::uint32_t packed(Colour colour) {
    return std::uint32_t(colour.r) | std::uint32_t(colour.g) << 8 | std::uint32_t(colour.b) << 16 |
           std::uint32_t(colour.a) << 24;
}

bool counts_at_once(const Pattern& pattern) {
    if (is_permuted(pattern)) return false;
    const Blocks* blocks = std::get_if<Blocks>(&pattern.kind);
    return !blocks || std::ranges::all_of(blocks->parts, [](const BlockPart& part) {
        return std::visit([](const auto& one) { return one.is_regular; }, part);
    });
}

int most_multiplicity(const Pattern& pattern) {
    return std::holds_alternative<Blocks>(pattern.kind) ? 1 : branch_count(pattern);
}

Colour multiplicity_colour(float times, int most) {
    // The ends of the map are left out: they vanish on dark or on light ground.
    const float share = most > 1 ? std::clamp((times - 1) / float(most - 1), 0.f, 1.f) : 0;
    return map_colour(ColourMap::viridis, 0.32f + 0.58f * share);
}

Colour difference_colour(float a, float b) {
    const Colour only_a = branch_colour(6), only_b = branch_colour(5), both = branch_colour(7);
    const float most = std::max(a, b), share = most > 0 ? (b - a) / most : 0;
    const Colour end = share < 0 ? only_a : only_b;
    const auto channel = [&](int from, int to) {
        return std::uint8_t(float(from) + float(to - from) * std::abs(share) + 0.5f);
    };
    return {channel(both.r, end.r), channel(both.g, end.g), channel(both.b, end.b)};
}

std::vector<std::uint32_t> paint(const PatternPicture& picture) {
    const PictureRequest& request = picture.request;
    std::vector<std::uint32_t> rgba(picture.density.size(), 0);
    // A cancelled picture lacks what its colours need; nobody looks at it.
    const std::size_t has = request.colours == PictureColours::multiplicity ? picture.overlap.size()
                            : request.colours == PictureColours::difference ? picture.density_a.size()
                                                                            : rgba.size();
    const int most = most_multiplicity(request.pattern);
    for (std::size_t pixel = 0; pixel < has; ++pixel) {
        float density = picture.density[pixel];
        if (request.colours == PictureColours::difference) density = std::max(density, picture.density_a[pixel]);
        if (!(density > 0)) continue;
        Colour colour;
        switch (request.colours) {
        case PictureColours::mixing:
        case PictureColours::branches: colour = branch_colour(picture.branch[pixel]); break;
        case PictureColours::multiplicity: colour = multiplicity_colour(picture.overlap[pixel], most); break;
        case PictureColours::difference:
            colour = difference_colour(picture.density_a[pixel], picture.density[pixel]);
            break;
        }
        const bool is_share = request.colours == PictureColours::mixing;
        rgba[pixel] = packed(colour.with_alpha(is_share ? share_alpha(density) : density_alpha(density)));
    }
    return rgba;
}

} // namespace dilascope
