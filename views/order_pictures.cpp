#include "views/order_pictures.h"
#include <cmath>

namespace dilascope {

namespace {

PaintedPicture window_picture(const OrderPicturesRequest& request, const Order& order,
                              const std::atomic<bool>& cancel) {
    static std::atomic<std::uint64_t> newest = std::uint64_t(1) << 62; // apart from those of make_painted()
    PaintedPicture painted;
    painted.picture.request.rows = painted.picture.request.columns = request.pixels;
    painted.picture.density = grid_window_density(order, request.problem.kv_len, request.reach, request.pixels, cancel);
    painted.picture.branch.assign(painted.picture.density.size(), 0);
    painted.rgba = paint(painted.picture);
    painted.image_version = ++newest;
    return painted;
}

PaintedPicture pattern_picture(const OrderPicturesRequest& request, const Order& order,
                               const std::atomic<bool>& cancel) {
    PictureRequest picture;
    picture.pattern = {request.pattern.kind, order};
    picture.problem = request.problem;
    picture.head = request.head;
    picture.region = whole_matrix(request.problem);
    picture.rows = std::min(request.pixels, request.problem.seq_len);
    picture.columns = std::min(request.pixels, request.problem.kv_len);
    return make_painted(picture, &cancel);
}

} // namespace

OrderPictures make_order_pictures(const OrderPicturesRequest& request, const std::atomic<bool>& cancel) {
    OrderPictures pictures;
    pictures.request = request;
    const Order row{Curve::row, request.order.grid, request.order.use};
    const auto make = request.shows_pattern() ? pattern_picture : window_picture;
    pictures.before = make(request, row, cancel);
    if (!cancel.load(std::memory_order_relaxed)) pictures.after = make(request, request.order, cancel);
    return pictures;
}

std::vector<float> grid_window_density(const Order& order, std::int64_t token_count, std::int64_t reach,
                                       std::int64_t pixels, const std::atomic<bool>& cancel) {
    const std::vector<std::int64_t> edges = pixel_edges({0, token_count}, pixels);
    std::vector<std::int32_t> pixel_of_token(std::size_t(token_count), 0);
    {
        const std::vector<std::int32_t> tokens = tokens_by_rank(order, token_count);
        for (std::int64_t pixel = 0; pixel < pixels; ++pixel)
            for (std::int64_t rank = edges[std::size_t(pixel)]; rank < edges[std::size_t(pixel) + 1]; ++rank)
                pixel_of_token[std::size_t(tokens[std::size_t(rank)])] = std::int32_t(pixel);
    }
    const CellSet cells = cell_set(order, token_count);
    std::vector<std::int64_t> counts(std::size_t(pixels * pixels), 0);
    for (std::int64_t token = 0; token < token_count; ++token) {
        if (token % 4096 == 0 && cancel.load(std::memory_order_relaxed)) break;
        const Cell at = cells.cell_of(token);
        std::int64_t* row = counts.data() + pixel_of_token[std::size_t(token)] * pixels;
        const std::int64_t y_end = std::min(at.y + reach, cells.height - 1),
                           x_begin = std::max<std::int64_t>(0, at.x - reach),
                           x_end = std::min(at.x + reach, cells.width - 1);
        for (std::int64_t y = std::max<std::int64_t>(0, at.y - reach); y <= y_end; ++y)
            for (std::int64_t key = cells.token_of({x_begin, y});
                 key <= std::min(cells.token_of({x_end, y}), token_count - 1); ++key)
                ++row[pixel_of_token[std::size_t(key)]];
    }
    std::vector<float> density(counts.size());
    for (std::size_t pixel = 0; pixel < density.size(); ++pixel) {
        const auto row = pixel / std::size_t(pixels), column = pixel % std::size_t(pixels);
        const double area = double(edges[row + 1] - edges[row]) * double(edges[column + 1] - edges[column]);
        density[pixel] = area > 0 ? float(double(counts[pixel]) / area) : 0;
    }
    return density;
}

} // namespace dilascope
