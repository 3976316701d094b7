#pragma once
// How near an order keeps what is near: stretch, bandwidth and active tiles (how a schedule reuses them: reuse.h).
// Everything is counted, nothing sampled. Long counts stop when *cancel becomes true and then return nothing.
#include "engine/cancel.h"
#include "engine/order/order.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace dilascope {

// For ranks a < b ≤ a + window: squared Euclidean distance of the two cells over b − a. Hilbert's stays below 6.
struct Stretch {
    double mean = 0, max = 0;
    std::int64_t pair_count = 0;
    double step_mean = 0, step_max = 0; // Euclidean distance of consecutive cells, in cells
};
// A valid order of token_count ≤ 2^31 tokens, window ≥ 1; O(token_count·window). All 0 for a single token.
std::optional<Stretch> stretch(const Order& order, std::int64_t token_count, std::int64_t window,
                               const CancelFlag* cancel = nullptr);

// |rank(a) − rank(b)| over all pairs of cells that touch by a side: the bandwidth of the grid's matrix once permuted.
struct RankBandwidth {
    std::int64_t max = 0, sum = 0, pair_count = 0;
    double mean() const { return pair_count ? double(sum) / double(pair_count) : 0; }
};
std::optional<RankBandwidth> rank_bandwidth(const Order& order, std::int64_t token_count,
                                            const CancelFlag* cancel = nullptr);

// A window on the grid: query (x, y) sees keys (x', y') with |x − x'| ≤ x_reach and |y − y'| ≤ y_reach. Both ≥ 0.
struct GridWindow {
    std::int64_t x_reach = 1, y_reach = 1;
    friend bool operator==(const GridWindow&, const GridWindow&) = default;
};

// The query × key tiles of the rank × rank matrix that hold a pair of a window: the tiles a kernel must compute.
struct ActiveTiles {
    std::int64_t tile_queries = 0, tile_keys = 0; // tokens along a tile's sides
    std::int64_t pair_count = 0;                  // the same for every order
    std::int64_t tile_count = 0;                  // active or not
    std::vector<std::int32_t> key_tiles;          // of the active tiles: query tile by query tile, key tiles ascending
    std::int64_t active_count() const { return std::int64_t(key_tiles.size()); }
    // Pairs over the area of the active tiles.
    double efficiency() const;
};
// Tile sides 1 … 2^31; O(token_count · cells of the window). Compare orders on one grid: the grid is part of the
// window.
std::optional<ActiveTiles> active_tiles(const Order& order, std::int64_t token_count, const GridWindow& window,
                                        std::int64_t tile_queries, std::int64_t tile_keys,
                                        const CancelFlag* cancel = nullptr);

} // namespace dilascope
