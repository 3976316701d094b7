#pragma once
// Permutations of token rows on the device: the tensors of a pattern that runs along a curve (PlanOrder) are laid out
// along it once, and its outputs back.
#include "engine/backends/cuda/device.h"
#include "engine/backends/cuda/device_code.h"

namespace dilascope {

enum class PermuteDirection : std::int32_t {
    gather, // row r of the result is row token_of_rank[r] of the source: from tokens to ranks
    scatter // row token_of_rank[r] of the result is row r of the source: back
};

// Tensors are (B, N, H, D), row-major, of any element of 2 or more bytes; a token row is H·D elements, contiguous.
struct PermuteCall {
    const void* from = nullptr;                  // aligned to an element
    void* to = nullptr;                          // does not overlap `from`
    const std::int32_t* token_of_rank = nullptr; // (N), a permutation of 0 … N−1, the same for all B; on the device
    std::int64_t batch = 1;                      // B
    std::int64_t token_count = 1;                // N, 1 … 2^31
    std::int64_t row_bytes = 2;                  // of a token row
    PermuteDirection direction = PermuteDirection::gather;
};

// Threads of a block, and words that each has under way at once.
inline constexpr int permute_threads = 256, permute_depth = 4;
inline constexpr int permute_slots = permute_threads * permute_depth;

// A block copies a tile: `tile_rows` whole rows, or of one row that is longer than its slots a piece of `tile_words`.
// Blocks are (batch, row tile, column tile), the last one fastest.
struct PermuteParams {
    const void* from = nullptr;
    void* to = nullptr;
    const std::int32_t* token_of_rank = nullptr;
    std::int64_t token_count = 0;
    std::int32_t row_words = 0; // a word is what one thread moves at once: 16, 8, 4 or 2 bytes
    std::int32_t tile_rows = 0, tile_words = 0;
    std::int32_t row_tiles = 0, column_tiles = 0; // of one batch element
    std::uint32_t slot_scale = 0;                 // ⌈2^20 / tile_words⌉
    PermuteDirection direction = PermuteDirection::gather;
};

// Where one slot of a block is: a word of a row. Offsets pass 2^31.
struct PermutePlace {
    std::int64_t batch_row = 0; // batch · N, the first row of the batch element
    std::int64_t rank = 0;
    std::int64_t word = 0; // of the row
    bool is_inside = false;
    HOST_DEVICE constexpr std::int64_t offset(std::int64_t row, const PermuteParams& params) const {
        return (batch_row + row) * params.row_words + word;
    }
};

// Slots are fewer than 2^10, so the product with the scale divides exactly and fits 32 bits.
HOST_DEVICE constexpr PermutePlace permute_place(const PermuteParams& params, std::int32_t block, std::int32_t slot) {
    const std::int32_t column_tile = block % params.column_tiles, row_block = block / params.column_tiles;
    const std::int32_t row_tile = row_block % params.row_tiles, batch = row_block / params.row_tiles;
    const auto row = std::int32_t(std::uint32_t(slot) * params.slot_scale >> 20);
    PermutePlace place;
    place.batch_row = batch * params.token_count;
    place.rank = std::int64_t(row_tile) * params.tile_rows + row;
    place.word = std::int64_t(column_tile) * params.tile_words + slot - row * params.tile_words;
    place.is_inside = row < params.tile_rows && place.rank < params.token_count && place.word < params.row_words;
    return place;
}

struct PermuteLaunch {
    const char* kernel = ""; // "permute 16"
    Index3 grid;             // of permute_threads each
    PermuteParams params;
};

// Error when rows are not of whole 2-byte words, tokens are more than int32 counts, or blocks are more than a grid has.
Result<PermuteLaunch> plan_permute(const PermuteCall& call);
Result<void> launch_permute(CudaDevice& device, const PermuteCall& call, const Stream& stream = {});

} // namespace dilascope
