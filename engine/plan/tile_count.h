#pragma once
// Tile counts: how many BM × BN tiles of the attention matrix a pattern fills, cuts or leaves empty, exactly.
//
// No N² anywhere: a tile row is a few key intervals (bands), a few residue classes (dilated patterns, whose tile rows
// repeat with the segments) or the bits of its block rows (block patterns). Only patterns along a curve are counted
// tile by tile.
#include "engine/cancel.h"
#include "engine/pattern/pattern.h"

namespace dilascope {

// Queries × keys of a tile, each ≥ 1. The tiles start at query 0 and key 0; the last ones may be ragged.
struct TileSize {
    std::int64_t rows = 128, columns = 128;
    friend bool operator==(const TileSize&, const TileSize&) = default;
};

// Of the tiles that hold a pair the problem allows (all of them, or those not above the diagonal when causal).
struct TileCounts {
    std::int64_t full = 0;    // every pair of the tile is active: no mask needed
    std::int64_t partial = 0; // some are
    std::int64_t empty = 0;   // none is: skipped
    std::int64_t active() const { return full + partial; }
    std::int64_t allowed() const { return full + partial + empty; }
    TileCounts& operator+=(const TileCounts& other) {
        full += other.full, partial += other.partial, empty += other.empty;
        return *this;
    }
    friend bool operator==(const TileCounts&, const TileCounts&) = default;
};

// Tiles of one head. A valid pattern and problem; error when the size is no size or `cancel` (may be null) is set.
Result<TileCounts> count_tiles(const Pattern& pattern, const Problem& problem, std::int64_t head, TileSize size,
                               const CancelFlag* cancel = nullptr);

// Tiles of all heads of one batch element; heads of one class are counted once.
Result<TileCounts> count_tiles_all_heads(const Pattern& pattern, const Problem& problem, TileSize size,
                                         const CancelFlag* cancel = nullptr);

} // namespace dilascope
