#pragma once
// What the tile kernels read: the rows of one tile and the tensors of one head.
#include "engine/backends/cpu/key_block.h"
#include "engine/dropout.h"
#include "engine/dtype.h"
#include "engine/plan/tiles.h"
#include <array>

namespace dilascope {

// The rows of one tile.
struct TileRows {
    int count = 0;
    std::array<std::int64_t, max_tile_rows> offsets;   // element offset of each row from q, and from out, dout and dq
    std::array<std::int64_t, max_tile_rows> positions; // query positions, not descending
};

// The tensors of one (batch, kv head), of f32, f16 or bf16; offsets and steps in elements.
struct HeadTensors {
    const void* q = nullptr; // row r of a tile starts at q + offsets[r]
    const void* k = nullptr; // key m starts at k + m·key_step
    const void* v = nullptr;
    Dtype dtype = Dtype::f32;
    std::int64_t key_step = 0;
    std::int64_t head_dim = 0;
    double scale = 1;
    Dropout dropout = {};
    std::uint32_t dropout_row = 0; // batch·H + head
};

// A tile and the tensors of its head. Query heads of one key head may share a tile: q is the same for all heads.
struct HeadTile {
    TileRows rows;
    HeadTensors head;
};

// The widest of the instruction sets: vectors of 16 floats, panels of 4 of them.
inline constexpr std::int64_t widest_lanes = 16, widest_panel = 64;

// Floats from one dense row of D to the next: whole vectors, and an odd number of cache lines. An even one would put a
// column of many rows into few cache sets.
inline std::int64_t dense_row_step(std::int64_t head_dim) {
    return ((head_dim + widest_lanes - 1) / widest_lanes | 1) * widest_lanes;
}

} // namespace dilascope
