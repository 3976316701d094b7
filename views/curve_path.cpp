#include "views/curve_path.h"
#include <algorithm>

namespace dilascope {

namespace {

CurvePath path_of_tokens(const Order& order, std::int64_t token_count) {
    CurvePath path;
    const CellSet cells = cell_set(order, token_count);
    std::int64_t rank = 0;
    for (const std::int32_t token : tokens_by_rank(order, token_count)) {
        const Cell cell = cells.cell_of(token);
        path.stops.push_back({double(cell.x) + 0.5, double(cell.y) + 0.5, rank++});
    }
    return path;
}

CurvePath path_of_rows(const Order& order, const CellSet& cells, std::int64_t stops_max) {
    CurvePath path;
    const std::int64_t rows = (cells.count + cells.width - 1) / cells.width;
    const std::int64_t step = (2 * rows + stops_max - 1) / stops_max;
    path.square_side = step;
    for (std::int64_t y = 0; y < rows; y += step) {
        const std::int64_t first = y * cells.width, last = std::min(first + cells.width, cells.count) - 1;
        CurvePath::Stop ends[2];
        for (int end = 0; end < 2; ++end) {
            const std::int64_t token = end == 0 ? first : last;
            ends[end] = {double(token % cells.width) + 0.5, double(y) + 0.5, rank_of(order, cells.count, token)};
        }
        if (ends[1].rank < ends[0].rank) std::swap(ends[0], ends[1]);
        path.stops.insert(path.stops.end(), std::begin(ends), std::end(ends));
    }
    return path;
}

} // namespace

CurvePath curve_path(const Order& order, std::int64_t token_count, std::int64_t stops_max) {
    if (token_count <= stops_max) return path_of_tokens(order, token_count);
    const CellSet cells = cell_set(order, token_count);
    if (order.curve == Curve::row || order.curve == Curve::snake) return path_of_rows(order, cells, stops_max);
    CurvePath path;
    const auto squares = [&](std::int64_t length) { return (length + path.square_side - 1) / path.square_side; };
    while (squares(cells.width) * squares(cells.height) > stops_max) path.square_side *= 2;
    for (std::int64_t y = 0; y < cells.height; y += path.square_side)
        for (std::int64_t x = 0; x < cells.width; x += path.square_side) {
            // The corner holds the square's first token in the sequence, so a square without it is empty.
            const std::int64_t token = cells.token_of({x, y});
            if (token >= cells.count) break;
            const double right = double(std::min(x + path.square_side, cells.width)),
                         bottom = double(std::min(y + path.square_side, cells.height));
            path.stops.push_back(
                {(double(x) + right) / 2, (double(y) + bottom) / 2, rank_of(order, cells.count, token)});
        }
    std::ranges::sort(path.stops, {}, &CurvePath::Stop::rank);
    return path;
}

} // namespace dilascope
