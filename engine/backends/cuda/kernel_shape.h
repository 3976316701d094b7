#pragma once
// Shapes of the kernels' blocks: threads, and where in shared memory what lies. Host and device read the same.
#include <cstdint>

namespace dilascope {

// A table of the keys of two blocks: the line they lie on, and of each key its place, token and the rows that see it.
constexpr int block_line_bytes = 16;
constexpr int slot_table_bytes(int keys) { return 2 * block_line_bytes + 2 * keys * (8 + 8 + 4); }
// An ItemHeader and the rows' positions.
constexpr int item_bytes(int rows) { return 40 + rows * 8; }

// Rows × HeadDim queries, and one block of keys and one of values.
template <int Bytes, int HeadDim, int Rows, int Keys> struct ForwardShape {
    static constexpr int threads = 128;
    static constexpr int keys_at = Rows * HeadDim * Bytes;
    static constexpr int values_at = keys_at + Keys * HeadDim * Bytes;
    static constexpr int slots_at = values_at + Keys * HeadDim * Bytes;
    static constexpr int item_at = slots_at + slot_table_bytes(Keys);
    static constexpr int shared_bytes = item_at + item_bytes(Rows);
};

// Queries and the gradient of their outputs, one block of keys and one of values, and the block's weights and their
// gradients: in one tile, one after the other, where two would not fit the 99 KiB of the smallest GPUs.
template <int Bytes, int HeadDim, int Rows, int Keys> struct BackwardShape {
    static constexpr int threads = Rows * 2; // as many warps as the rows have sixteens
    static constexpr bool has_two_weight_tiles = Bytes * HeadDim < 1024;
    static constexpr int weight_bytes = Rows * Keys * Bytes;
    static constexpr int douts_at = Rows * HeadDim * Bytes;
    static constexpr int keys_at = 2 * douts_at;
    static constexpr int values_at = keys_at + Keys * HeadDim * Bytes;
    static constexpr int weights_at = values_at + Keys * HeadDim * Bytes;
    static constexpr int dweights_at = weights_at + (has_two_weight_tiles ? weight_bytes : 0);
    static constexpr int slots_at = dweights_at + weight_bytes;
    static constexpr int item_at = slots_at + slot_table_bytes(Keys);
    static constexpr int shared_bytes = item_at + item_bytes(Rows);
};

} // namespace dilascope
