#pragma once
// The plan's data: query tiles and the key runs each of them loops over. Kernels read this and know no pattern names.
#include <cstdint>
#include <limits>

namespace dilascope {

// lo ≤ key − query position ≤ hi. Full when both ends are open; causal is hi = 0.
struct Band {
    static constexpr std::int64_t open = std::numeric_limits<std::int64_t>::max() / 4;
    std::int64_t lo = -open, hi = open;
    bool is_full() const { return lo <= -open && hi >= open; }
    bool contains(std::int64_t difference) const { return lo <= difference && difference <= hi; }
    friend bool operator==(const Band&, const Band&) = default;
};

// Keys first, first + stride, …, count of them. Only runs that straddle an edge carry a band that is not full.
struct KeyRun {
    std::int64_t first = 0;
    std::int32_t stride = 1; // ≥ 1
    std::int32_t count = 0;  // ≥ 1
    std::int32_t branch = 0; // which branch of the pattern, for colours and statistics
    Band band;
    std::int64_t key(std::int64_t index) const { return first + index * stride; }
    friend bool operator==(const KeyRun&, const KeyRun&) = default;
};

inline constexpr int max_tile_rows = 128;

// Keys that the cpu kernel gathers at a time: whole micro-kernels of 6, fewer of wide heads, so that a block and the
// tiles in flight stay near an L2 of 512 KB. The cost model counts with it too.
inline constexpr int max_block_keys = 192;
constexpr int keys_per_block(std::int64_t head_dim) { return head_dim <= 64 ? max_block_keys : max_block_keys / 2; }

// Up to 128 query positions, ascending, that share key runs: affine (first_row + stride·index) or listed.
struct QueryTile {
    std::int64_t first_row = 0;  // query *position* (0 … M−1) of the tile's first row
    std::int32_t row_stride = 1; // of affine rows; 0 when the rows are listed
    std::int32_t row_count = 0;  // 1 … max_tile_rows
    std::int64_t rows_begin = 0; // listed: index into Plan::row_offsets, whose entries are relative to first_row
    std::int64_t runs_begin = 0; // index into Plan::runs
    std::int32_t run_count = 0;
};

} // namespace dilascope
