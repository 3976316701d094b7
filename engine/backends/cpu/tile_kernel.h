#pragma once
// TileKernel: the arithmetic of one query tile, compiled once for each instruction set and chosen at run time.
//
// A tile of rows meets its keys block by block: S = QKᵀ, online softmax, O += PV. Everything a thread writes sits in
// its TileWorkspace, whose size depends on the tile and head_dim only, never on N.
#include "engine/backends/cpu/kernel_target.h"
#include "engine/backends/cpu/tile_job.h"
#include "engine/cancel.h"
#include "engine/memory/buffer.h"
#include <span>
#include <string>
#include <vector>

namespace dilascope {

// What one tile carries from block to block. Rows stand side by side in panels (panel, D, panel_rows), panel_rows as
// wide as the instruction set's micro-kernel.
struct TileState {
    float* queries =
        nullptr; // panels: the tile's queries times scale·log2(e); after attend() the output rows (rows, dim_step)
    float* out = nullptr;     // panels: Σ P V
    float* row_max = nullptr; // (rows): largest score so far, log2 units; after attend() the rows' LSE
    float* row_sum = nullptr; // (rows): Σ P so far
};

// One thread's scratch, all of it in one piece of memory.
struct TileWorkspace {
    std::int64_t dim_step = 0;    // D padded to whole vectors of the widest set, and an odd number of lines
    std::vector<TileState> tiles; // of the attend() that runs or ran last
    float* rows = nullptr;        // (rows, dim_step): a tile's queries as they come
    float* scores = nullptr;      // (keys, panel_rows): one panel's Sᵀ in log2 units, then the weights P in place
    float* keys = nullptr;        // (keys, dim_step): the block's rows, gathered and zero-padded
    float* values = nullptr;
    float* states = nullptr;    // of tiles, for
    std::int64_t tile_rows = 0; // so many rows of all of them together
    Buffer<float> memory;

    static Result<TileWorkspace> allocate(std::int64_t head_dim);
    // Shares the states' memory out to so many tiles: more than tiles_per_group hold at most small_tile_rows each.
    void divide(std::size_t tile_count);
};

// How many tiles of equal keys one attend() takes, so that they share each gathered block; their states stay in L2.
int tiles_per_group(std::int64_t head_dim);
// Or twice as many of so few rows.
inline constexpr std::int64_t small_tile_rows = widest_panel;
inline constexpr std::size_t max_group_tiles = 8;

// Attends the tiles of a job to all of its keys. Then work.tiles[t].queries holds the output rows and row_max their
// LSE; 0 and −inf for rows without a key. `upcoming` (may be null): what the same thread does next; it is fetched
// toward the end. Stops between blocks when the flag (may be null) is set; the workspace is then meaningless.
using Attend = void (*)(TileJob&, const TileJob* upcoming, const CancelFlag* cancel, TileWorkspace&);

struct TileKernel {
    std::string_view set; // "AVX3", "AVX2", …
    Attend attend = nullptr;
    Attend attend_pairs = nullptr;    // of bf16 tensors with even D only: products of pairs; null where not chosen
    Attend attend_few_rows = nullptr; // of tiles of at most few_rows_max rows whose D is a multiple of lanes
    int few_rows_max = 0, lanes = 1;
    void (*clear)(float* values, std::int64_t count) = nullptr;           // past the caches; hwy::FlushStream() ends it
    void (*exp2)(const float* x, std::int64_t count, float* y) = nullptr; // for the accuracy test; x ≤ 0

    std::string target() const { return std::string(set) + std::string(attend_pairs ? pair_dot_suffix : ""); }
    bool takes_pairs(Dtype dtype, std::int64_t head_dim) const {
        return attend_pairs && dtype == Dtype::bf16 && head_dim % 2 == 0;
    }
    // rows_max: of any tile of the pass, so that no row's kernel depends on how tiles are shared out.
    Attend attend_for(Dtype dtype, std::int64_t head_dim, std::int64_t rows_max) const {
        if (takes_pairs(dtype, head_dim)) return attend_pairs;
        return rows_max <= few_rows_max && head_dim % lanes == 0 ? attend_few_rows : attend;
    }
};

// The kernel of kernel_target().
Result<TileKernel> tile_kernel();

} // namespace dilascope
