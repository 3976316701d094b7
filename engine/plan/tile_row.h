#pragma once
// Tile rows: the active and full tiles of one row of tiles, from key intervals; each kind of pattern has its own way to
// them. Used by tile_count.cpp.
#include "engine/pattern/block_rows.h"
#include "engine/pattern/blocks.h"
#include "engine/pattern/dilated.h"
#include "engine/plan/tile_count.h"
#include <vector>

namespace dilascope {

struct RowTiles {
    std::int64_t active = 0, full = 0;
};

// Sorts ranges and joins those that overlap or touch.
void merge_ranges(std::vector<Range>& ranges);

// Columns of `size` keys among kv_len keys: those a key range touches, and those it holds whole (the last may be
// ragged).
Range touched_columns(Range keys, std::int64_t size);
std::int64_t whole_columns(Range keys, std::int64_t size, std::int64_t kv_len);

// Rows whose keys are those of one band.
RowTiles band_tile_row(Band band, const Problem& problem, Range positions, std::int64_t columns);

// Rows of a dilated pattern.
class DilatedTileRows {
public:
    DilatedTileRows(const Dilated& dilated, const Problem& problem, std::int64_t head, TileSize size);
    RowTiles row(Range positions); // query positions of the tile row
    // Tile rows repeat after so many positions, as long as they end before `whole_end`; 0 when they do not.
    std::int64_t period() const { return period_; }

private:
    void add_active(Range positions);
    void cut_pieces(Range positions);
    std::vector<Range> solid_keys(std::int64_t position) const;
    bool has_row_outside_classes(Range piece) const;
    std::int64_t count_full(Range positions, Range columns) const;

    const Dilated& dilated_;
    const Problem& problem_;
    std::int64_t head_;
    TileSize size_;
    std::vector<BranchView> views_; // that the head takes part in
    std::int64_t period_ = 0;
    std::vector<Range> columns_; // touched by the row at hand
    std::vector<Range> pieces_;  // of its positions, within which every branch has one segment
};

// Rows of a block pattern.
class BlockTileRows {
public:
    BlockTileRows(const Blocks& blocks, const Problem& problem, std::int64_t head, TileSize size);
    RowTiles row(Range positions);

private:
    const Problem& problem_;
    std::int64_t block_;
    TileSize size_;
    BlockRows rows_;
    std::vector<std::uint64_t> any_, all_; // blocks that some row of the tile row sees, that all do
    std::vector<Range> columns_, keys_;
};

} // namespace dilascope
