#pragma once
// TileKernel: the arithmetic of one query tile, compiled once for each instruction set and chosen at run time.
//
// A tile of R rows meets its keys block by block: S = QKᵀ, online softmax, O += PV. Everything a thread touches sits in
// its TileWorkspace, whose size depends on the tile and head_dim only, never on N.
#include "engine/backends/cpu/key_block.h"
#include "engine/memory/buffer.h"
#include <string>
#include <vector>

namespace dilascope {

// One thread's scratch. Steps are in floats; rows are padded to whole vectors of the widest instruction set.
struct TileWorkspace {
    std::int64_t head_dim = 0;  // D
    std::int64_t dim_step = 0;  // D padded
    std::int64_t row_step = 0;  // see workspace_row_step
    Buffer<float> queries;      // (D, row_step): the tile's queries, transposed, times scale·log2(e)
    Buffer<float> scores;       // (keys, row_step): Sᵀ in log2 units, then the weights P in place
    Buffer<float> keys, values; // (keys, dim_step): the block's rows, gathered; values zero-padded
    Buffer<float> out;          // (rows, dim_step): Σ P V, and after finish() the output
    Buffer<float> row_max;      // (row_step): largest score so far, log2 units; after finish() the row's LSE
    Buffer<float> row_sum;      // (row_step): Σ P so far

    static Result<TileWorkspace> allocate(std::int64_t head_dim);
};

// The rows of one tile and the tensors of one (batch, kv head).
struct TileRows {
    int count = 0;
    const std::int64_t* offsets = nullptr; // element offset of each row from q
    const float* q = nullptr;
    const float* k = nullptr; // key m starts at k + m·key_step
    const float* v = nullptr;
    std::int64_t key_step = 0;
    float scale_log2 = 1; // score scale · log2(e)
};

struct TileKernel {
    const char* target = "";                                                        // "AVX3", "AVX2", …
    void (*begin)(const TileRows&, TileWorkspace&) = nullptr;                       // take the queries, clear the state
    void (*accumulate)(const TileRows&, const KeyBlock&, TileWorkspace&) = nullptr; // one more block of keys
    void (*finish)(const TileRows&, TileWorkspace&) = nullptr;            // normalise; rows without a key: 0, −inf
    void (*exp2)(const float* x, std::int64_t count, float* y) = nullptr; // for the accuracy test; x ≤ 0
};

// The best kernel of this CPU, or the one DILASCOPE_CPU_TARGET names. Error when that is not one of
// tile_kernel_targets().
Result<TileKernel> tile_kernel();
// Names of the instruction sets that this binary holds and this CPU runs, best first.
std::vector<std::string> tile_kernel_targets();

} // namespace dilascope
