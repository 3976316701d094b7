#include "engine/order/locality.h"
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>

namespace dilascope {

namespace {

// The cells along an order as two arrays, indexed by rank.
struct Path {
    std::vector<std::int32_t> x, y;
    std::int64_t squared_distance(std::int64_t a, std::int64_t b) const {
        const std::int64_t across = x[std::size_t(a)] - x[std::size_t(b)];
        const std::int64_t down = y[std::size_t(a)] - y[std::size_t(b)];
        return across * across + down * down;
    }
};

Path path_of(const Order& order, std::int64_t token_count) {
    const CellSet cells = cell_set(order, token_count);
    Path path{tokens_by_rank(order, token_count), {}};
    path.y.resize(path.x.size());
    for (std::size_t rank = 0; rank < path.x.size(); ++rank) {
        const Cell cell = cells.cell_of(path.x[rank]);
        path.x[rank] = std::int32_t(cell.x), path.y[rank] = std::int32_t(cell.y);
    }
    return path;
}

} // namespace

std::optional<Stretch> stretch(const Order& order, std::int64_t token_count, std::int64_t window,
                               const CancelFlag* cancel) {
    assert(window >= 1);
    const Path path = path_of(order, token_count);
    const std::int64_t widest = std::min(window, token_count - 1);
    constexpr std::int64_t chunk = 4096; // ranks whose cells stay in the cache while the gap grows
    Stretch result;
    std::vector<std::int64_t> sums(std::size_t(widest) + 1, 0), maxima(std::size_t(widest) + 1, 0);
    for (std::int64_t begin = 0; begin < token_count; begin += chunk) {
        for (std::int64_t gap = 1; gap <= widest; ++gap) {
            if (is_cancelled(cancel)) return std::nullopt;
            std::int64_t sum = 0, largest = 0;
            const std::int64_t end = std::min(begin + chunk, token_count - gap);
            for (std::int64_t rank = begin; rank < end; ++rank) {
                const std::int64_t squared = path.squared_distance(rank, rank + gap);
                sum += squared;
                largest = std::max(largest, squared);
            }
            sums[std::size_t(gap)] += sum;
            maxima[std::size_t(gap)] = std::max(maxima[std::size_t(gap)], largest);
        }
        for (std::int64_t rank = begin; rank < std::min(begin + chunk, token_count - 1); ++rank)
            result.step_mean += std::sqrt(double(path.squared_distance(rank, rank + 1)));
    }
    for (std::int64_t gap = 1; gap <= widest; ++gap) {
        result.mean += double(sums[std::size_t(gap)]) / double(gap);
        result.max = std::max(result.max, double(maxima[std::size_t(gap)]) / double(gap));
        result.pair_count += token_count - gap;
    }
    if (widest == 0) return result;
    result.mean /= double(result.pair_count);
    result.step_mean /= double(token_count - 1);
    result.step_max = std::sqrt(double(maxima[1]));
    return result;
}

std::optional<RankBandwidth> rank_bandwidth(const Order& order, std::int64_t token_count, const CancelFlag* cancel) {
    const std::vector<std::int32_t> ranks = ranks_by_token(order, token_count);
    const std::int64_t width = cell_set(order, token_count).width;
    RankBandwidth result;
    const auto add = [&](std::int64_t token, std::int64_t neighbour) {
        const std::int64_t gap = std::abs(std::int64_t{ranks[std::size_t(token)]} - ranks[std::size_t(neighbour)]);
        result.max = std::max(result.max, gap);
        result.sum += gap;
        ++result.pair_count;
    };
    std::int64_t tokens_until_look = 0;
    for (std::int64_t row_begin = 0; row_begin < token_count; row_begin += width) {
        const std::int64_t row_end = std::min(row_begin + width, token_count);
        for (std::int64_t token = row_begin; token < row_end; ++token) {
            if (tokens_until_look-- == 0) {
                if (is_cancelled(cancel)) return std::nullopt;
                tokens_until_look = 65536;
            }
            if (token + 1 < row_end) add(token, token + 1);
            if (token + width < token_count) add(token, token + width);
        }
    }
    return result;
}

double ActiveTiles::efficiency() const {
    const double area = double(active_count()) * double(tile_queries) * double(tile_keys);
    return area > 0 ? double(pair_count) / area : 0;
}

std::optional<ActiveTiles> active_tiles(const Order& order, std::int64_t token_count, const GridWindow& window,
                                        std::int64_t tile_queries, std::int64_t tile_keys, const CancelFlag* cancel) {
    assert(window.x_reach >= 0 && window.y_reach >= 0 && tile_queries >= 1 && tile_keys >= 1);
    const CellSet cells = cell_set(order, token_count);
    const std::vector<std::int32_t> tokens = tokens_by_rank(order, token_count);
    std::vector<std::int32_t> key_tile_of = inverse_permutation(tokens); // by token
    for (std::int32_t& tile : key_tile_of) tile = std::int32_t(tile / tile_keys);

    const auto tiles_of = [&](std::int64_t side) { return (token_count + side - 1) / side; };
    ActiveTiles result{tile_queries, tile_keys, 0, tiles_of(tile_queries) * tiles_of(tile_keys), {}};
    std::vector<std::int32_t> last_seen_by(std::size_t(tiles_of(tile_keys)), -1); // query tile, by key tile
    const std::int64_t last_row = (token_count - 1) / cells.width;
    const std::int64_t x_reach = std::min(window.x_reach, token_count), y_reach = std::min(window.y_reach, token_count);
    const auto see = [&](std::int64_t token, std::int32_t query_tile) {
        const Cell cell = cells.cell_of(token);
        const std::int64_t left = std::max<std::int64_t>(0, cell.x - x_reach);
        const std::int64_t right = std::min(cells.width - 1, cell.x + x_reach);
        const std::int64_t bottom = std::min(last_row, cell.y + y_reach);
        for (std::int64_t row = std::max<std::int64_t>(0, cell.y - y_reach); row <= bottom; ++row) {
            const std::int64_t begin = cells.token_of({left, row});
            const std::int64_t end = std::min(cells.token_of({right, row}) + 1, token_count);
            for (std::int64_t key = begin; key < end; ++key) {
                const std::int32_t tile = key_tile_of[std::size_t(key)];
                if (last_seen_by[std::size_t(tile)] == query_tile) continue;
                last_seen_by[std::size_t(tile)] = query_tile;
                result.key_tiles.push_back(tile);
            }
            result.pair_count += std::max<std::int64_t>(0, end - begin);
        }
    };
    for (std::int64_t begin = 0; begin < token_count; begin += tile_queries) {
        const std::size_t first = result.key_tiles.size();
        for (std::int64_t rank = begin; rank < std::min(begin + tile_queries, token_count); ++rank) {
            if (is_cancelled(cancel)) return std::nullopt;
            see(tokens[std::size_t(rank)], std::int32_t(begin / tile_queries));
        }
        std::sort(result.key_tiles.begin() + std::ptrdiff_t(first), result.key_tiles.end());
    }
    return result;
}

} // namespace dilascope
