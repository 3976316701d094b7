#pragma once
// TileKernel: the arithmetic of one query tile, compiled once for each instruction set and chosen at run time.
//
// A tile of rows meets its keys block by block: S = QKᵀ, online softmax, O += PV. Everything a thread writes sits in
// its TileWorkspace, whose size depends on the tile and head_dim only, never on N.
#include "engine/backends/cpu/key_block.h"
#include "engine/memory/buffer.h"
#include <atomic>
#include <span>
#include <string>
#include <vector>

namespace dilascope {

// What one tile carries from block to block. Steps are in floats; rows are padded to whole vectors of the widest set.
struct TileState {
    Buffer<float> queries; // (D, row_step): the tile's queries, transposed, times scale·log2(e)
    Buffer<float> out;     // (rows, dim_step): Σ P V; after attend() the output rows
    Buffer<float> row_max; // (row_step): largest score so far, log2 units; after attend() the rows' LSE
    Buffer<float> row_sum; // (row_step): Σ P so far
};

// One thread's scratch.
struct TileWorkspace {
    std::int64_t dim_step = 0; // D padded
    std::int64_t row_step = 0; // rows padded, and one vector more
    std::vector<TileState> tiles;
    Buffer<float> scores;       // (keys, row_step): Sᵀ in log2 units, then the weights P in place
    Buffer<float> keys, values; // (keys, dim_step): the block's rows, gathered and zero-padded

    static Result<TileWorkspace> allocate(std::int64_t head_dim);
};

// How many tiles of equal keys one attend() takes, so that they share each gathered block; their states stay in L2.
int tiles_per_group(std::int64_t head_dim);

// The rows of one tile.
struct TileRows {
    int count = 0;
    std::array<std::int64_t, max_tile_rows> offsets; // element offset of each row from q
};

// The tensors of one (batch, kv head).
struct HeadTensors {
    const float* q = nullptr; // row r of a tile starts at q + offsets[r]
    const float* k = nullptr; // key m starts at k + m·key_step
    const float* v = nullptr;
    std::int64_t key_step = 0;
    std::int64_t head_dim = 0;
    float scale_log2 = 1; // score scale · log2(e)
};

struct TileKernel {
    const char* target = ""; // "AVX3", "AVX2", …
    // Attends 1 … tiles_per_group tiles to all keys of the feed; more than one only if no key is banded. Then
    // work.tiles[t].out holds the output rows and row_max their LSE; 0 and −inf for rows without a key. Stops between
    // blocks when the flag (may be null) is set; the workspace is then meaningless.
    void (*attend)(std::span<const TileRows>, const HeadTensors&, KeyFeed&, const std::atomic<bool>* cancel,
                   TileWorkspace&) = nullptr;
    void (*exp2)(const float* x, std::int64_t count, float* y) = nullptr; // for the accuracy test; x ≤ 0
};

// The best kernel of this CPU, or the one DILASCOPE_CPU_TARGET names. Error when that is not one of
// tile_kernel_targets().
Result<TileKernel> tile_kernel();
// Names of the instruction sets that this binary holds and this CPU runs, best first.
std::vector<std::string> tile_kernel_targets();

} // namespace dilascope
