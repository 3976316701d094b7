#include "views/tile_overlay.h"
#include "views/number_format.h"
#include "views/theme.h"
#include <fmt/format.h>

namespace dilascope {

TileMap make_tile_map(const TileRequest& request) {
    TileMap map;
    map.request = request;
    const std::int64_t tile = request.tile, columns = request.columns.size();
    map.active.assign(std::size_t(request.rows.size() * columns), 0);
    // Whole tiles are pixels of one size; those cut by the edge are pictures of their own.
    const auto part = [&](Range tiles, std::int64_t count) {
        const std::int64_t whole = std::clamp(count / tile, tiles.begin, tiles.end);
        return std::pair{Range{tiles.begin, whole}, Range{whole, tiles.end}};
    };
    const auto [whole_rows, cut_rows] = part(request.rows, request.problem.seq_len);
    const auto [whole_columns, cut_columns] = part(request.columns, request.problem.kv_len);
    std::vector<double> density;
    for (const Range& rows : {whole_rows, cut_rows})
        for (const Range& keys : {whole_columns, cut_columns}) {
            if (rows.size() == 0 || keys.size() == 0) continue;
            const Region region{{rows.begin * tile, std::min(rows.end * tile, request.problem.seq_len)},
                                {keys.begin * tile, std::min(keys.end * tile, request.problem.kv_len)}};
            density.resize(std::size_t(rows.size() * keys.size()));
            density_grid(request.pattern, request.problem, request.head, region, rows.size(), keys.size(), density);
            for (std::int64_t row = rows.begin; row < rows.end; ++row)
                for (std::int64_t key = keys.begin; key < keys.end; ++key) {
                    const bool is_active =
                        density[std::size_t((row - rows.begin) * keys.size() + key - keys.begin)] > 0;
                    map.active[std::size_t((row - request.rows.begin) * columns + key - request.columns.begin)] =
                        is_active;
                    map.active_count += is_active;
                }
        }
    return map;
}

TileOverlay::TileOverlay()
    : maps_([](const TileRequest& request, const std::atomic<bool>&) { return make_tile_map(request); }) {}

void TileOverlay::draw(Canvas& canvas, const MatrixFrame& frame, TileRequest request) {
    is_complete_ = true;
    const double side = double(request.tile) * frame.pixels_per_token;
    if (side < least_pixels) {
        caption_ = fmt::format("zoom in to see {0} × {0} tiles", request.tile);
        return;
    }
    const Region visible = frame.visible();
    const auto tiles = [&](Range tokens) {
        return Range{tokens.begin / request.tile, (tokens.end + request.tile - 1) / request.tile};
    };
    request.rows = tiles(visible.q), request.columns = tiles(visible.k);
    const auto map = maps_.ask(request);
    is_complete_ = map && map->request == request;
    canvas.push_clip(frame.rect_of({{0, frame.query_count}, {0, frame.key_count}}));
    canvas.push_clip(frame.viewport);
    const Theme& colours = theme();
    const auto x_of = [&](std::int64_t tile) { return float(frame.x_of(double(tile * request.tile))); };
    const auto y_of = [&](std::int64_t tile) { return float(frame.y_of(double(tile * request.tile))); };
    caption_ = "looking at tiles …";
    if (is_complete_) {
        const std::int64_t columns = request.columns.size();
        for (std::int64_t row = 0; row < request.rows.size(); ++row) {
            const std::uint8_t* active = map->active.data() + row * columns;
            for (std::int64_t column = 0; column < columns;) {
                std::int64_t end = column + 1; // equal neighbours are one rectangle
                while (end < columns && active[end] == active[column]) ++end;
                if (active[column])
                    canvas.filled_rectangle({x_of(request.columns.begin + column), y_of(request.rows.begin + row),
                                             float(side * double(end - column)), float(side)},
                                            colours.accent.with_alpha(0.14f));
                column = end;
            }
        }
        caption_ =
            fmt::format("{0} × {0} tiles in sight: {1} of {2} hold pairs", request.tile,
                        format_count(map->active_count), format_count(request.rows.size() * request.columns.size()));
    }
    const Colour grid = colours.text.with_alpha(side < 16 ? 0.12f : 0.22f);
    for (std::int64_t column = request.columns.begin; column <= request.columns.end; ++column)
        canvas.line({x_of(column), frame.viewport.y}, {x_of(column), frame.viewport.bottom()}, grid);
    for (std::int64_t row = request.rows.begin; row <= request.rows.end; ++row)
        canvas.line({frame.viewport.x, y_of(row)}, {frame.viewport.right(), y_of(row)}, grid);
    canvas.pop_clip();
    canvas.pop_clip();
}

} // namespace dilascope
