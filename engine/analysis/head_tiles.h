#pragma once
// HeadTiles: the tiles of some heads of a plan and their rows, runs and extents: what every walk over a plan is made
// of. Rows and keys are as the plan has them; in_token_order() (token_plan.h) turns a permuted plan's ranks into
// tokens.
#include "engine/plan/plan.h"
#include <array>
#include <span>

namespace dilascope {

// A run of keys that one row sees, shifted to its repeat and cut by its band: `first + stride·index`.
struct RowRun {
    std::int64_t first = 0, count = 0;
    std::int32_t stride = 1, branch = 0;
    friend bool operator==(const RowRun&, const RowRun&) = default;
};

// The part of a run that the query position sees; count 0 when none.
RowRun row_run(const KeyRun& run, std::int64_t key_shift, std::int64_t position);

// Query positions of a tile before any repeat's shift, ascending.
class TilePositions {
public:
    TilePositions(const Plan& plan, const QueryTile& tile);
    std::span<const std::int64_t> positions() const { return std::span(positions_).first(std::size_t(count_)); }
    std::int64_t first() const { return positions_[0]; }
    std::int64_t last() const { return positions_[std::size_t(count_ - 1)]; }

private:
    std::array<std::int64_t, max_tile_rows> positions_;
    std::int32_t count_;
};

class HeadTiles {
public:
    // A list with how many of the heads it serves.
    struct Part {
        const TileList* list;
        std::int64_t heads;
    };

    // Heads of one class share their lists: each list comes once. The plan must outlive this.
    HeadTiles(const Plan& plan, std::span<const std::int64_t> heads);

    const Plan& plan() const { return *plan_; }
    const std::vector<Part>& parts() const { return parts_; }
    std::span<const QueryTile> tiles(const TileList& list) const {
        return std::span(plan_->tiles).subspan(std::size_t(list.tiles_begin), std::size_t(list.tile_count));
    }
    std::span<const KeyRun> runs(const QueryTile& tile) const {
        return std::span(plan_->runs).subspan(std::size_t(tile.runs_begin), std::size_t(tile.run_count));
    }
    // Query positions from the tile's first to its last row (end exclusive), before any shift.
    Range extent(const QueryTile& tile) const;
    Range extent(const TileList& list) const; // over the list's tiles

private:
    const Plan* plan_;
    std::vector<Part> parts_;
};

// The repeats t (0 ≤ t < count) at which `extent` + t·shift touches `range`.
Range touching_repeats(Range extent, std::int64_t count, std::int64_t shift, Range range);

} // namespace dilascope
