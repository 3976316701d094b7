#pragma once
// GradientKernel: the arithmetic of backward for the tiles of one key list, compiled once for each instruction set.
//
// For each block of keys a tile recomputes P = exp(S − LSE) and forms dS = P ∘ (dO Vᵀ − Δ), Δ = rowsum(dO ∘ O); then
// dV += Pᵀ dO, dK += dSᵀ Q, dQ += dS K (FlashAttention-2, arXiv 2307.08691, algorithm 2).
#include "engine/backends/cpu/kernel_target.h"
#include "engine/backends/cpu/key_shares.h"
#include "engine/backends/cpu/tile.h"
#include "engine/cancel.h"
#include "engine/memory/buffer.h"
#include <span>
#include <vector>

namespace dilascope {

// Keys of a block of backward: its four rows a key and two matrices of scores have to share L2 with a tile's five.
inline constexpr int max_gradient_keys = 96;

// What one tile carries from block to block.
struct GradientTile {
    float* queries = nullptr;       // (rows, dim_step)
    float* douts = nullptr;         // (rows, dim_step)
    float* query_panels = nullptr;  // panels (panel, D, panel_rows) of the queries times scale·log2(e)
    float* dout_panels = nullptr;   // panels of the douts
    float* dquery_panels = nullptr; // panels: Σ dS K; after differentiate() scale times it, as rows in `douts`
    float* lse = nullptr;           // (rows): LSE in log2 units, +∞ for rows without a key
    float* delta = nullptr;         // (rows): Δ
    bool is_finite = true;          // its queries and douts; only asked of banded blocks
};

// One thread's scratch, all of it in one piece of memory.
struct GradientWorkspace {
    std::int64_t dim_step = 0; // dense_row_step(D)
    std::vector<GradientTile> tiles;
    float* keys = nullptr;    // (keys, dim_step): the block's rows
    float* values = nullptr;  //
    float* dkeys = nullptr;   // (keys, dim_step): the block's gradients
    float* dvalues = nullptr; //
    float* weights = nullptr; // (keys, score_step): Sᵀ, then P
    float* dscores = nullptr; // (keys, score_step): dPᵀ, then dSᵀ
    Buffer<float> memory;

    static Result<GradientWorkspace> allocate(std::int64_t head_dim);
};

// How many tiles that share keys one differentiate() takes, at most max_gradient_tiles.
int gradient_tiles_per_group(std::int64_t head_dim);
inline constexpr std::size_t max_gradient_tiles = 4;

// Where gradients of keys are added to.
struct KeySums {
    float* in_place = nullptr; // key m starts at in_place + m·key_step …
    float* copies = nullptr;   // … but one with a number among those copied at copies + (number − first_copy)·D
};

// Gradients and what forward left, of one (batch, kv head).
struct HeadGradients {
    const float* out = nullptr;  // row r of a tile starts at out + offsets[r]
    const float* dout = nullptr; // likewise
    KeySums dk, dv;
    std::int64_t key_step = 0, first_copy = 0;
    std::span<const std::int32_t> copy_number; // as CopiedKeys::number
};

struct GradientKernel {
    const char* target = "";
    // Adds the keys' gradients of 1 … gradient_tiles_per_group tiles to dk and dv and leaves the rows' in
    // work.tiles[t].douts. Keys for more than one tile are not banded. lse: natural log, (tiles, max_tile_rows). Stops
    // between blocks when the flag (may be null) is set; the workspace is then meaningless.
    void (*differentiate)(std::span<const TileRows>, std::span<const std::array<float, max_tile_rows>> lse,
                          const HeadTensors&, const HeadGradients&, std::span<TileKeys>, const CancelFlag* cancel,
                          GradientWorkspace&) = nullptr;
};

// The kernel of kernel_target().
Result<GradientKernel> gradient_kernel();

} // namespace dilascope
