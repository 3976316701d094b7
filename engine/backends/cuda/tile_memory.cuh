#pragma once
// Tiles of rows in shared memory, and how rows get there.
#include "engine/backends/cuda/simt.cuh"
#include <cstdint>

namespace dilascope::simt {

// Rows of `Columns` elements of Bytes each, cut into chunks of 16 bytes. Chunk c of row r lies at c XOR (r mod 8) of
// its 128 bytes, so that the 8 rows of one ldmatrix lie in different banks; rows of 64 bytes share a line by twos.
template <int Columns, int Bytes> struct SharedTile {
    static constexpr int row_bytes = Columns * Bytes;
    static constexpr int row_chunks = row_bytes / 16;
    static_assert(row_bytes % 16 == 0 && (row_chunks & (row_chunks - 1)) == 0, "rows are powers of two of 16 bytes");
    static constexpr int swizzle_chunks = row_chunks < 8 ? row_chunks : 8;
    static constexpr int rows_per_line = row_chunks < 8 ? 8 / row_chunks : 1;
    static constexpr int bytes(int rows) { return rows * row_bytes; }

    std::byte* base = nullptr;

    DEVICE std::byte* chunk(int row, int index) const {
        const int swizzled = index ^ (row / rows_per_line & (swizzle_chunks - 1));
        return base + row * row_bytes + swizzled * 16;
    }
    // The element at (row, column); those after it up to the chunk's end follow.
    DEVICE std::byte* at(int row, int column) const {
        return chunk(row, column * Bytes / 16) + column * Bytes % 16;
    }
};

// Copies 16 bytes of a row, of which `left` (may be ≤ 0) are there, and zeros for the rest. `unit`: the largest of 16, 4
// and 2 that divides the bytes of a row and its address. Waits for nothing: the copy is done after copy_wait() and
// a barrier.
DEVICE void copy_chunk(std::byte* to, const std::byte* from, int left, int unit) {
    if (unit == 16) {
        copy_async<16>(to, from, left > 0);
    } else if (unit == 4) {
        for (int at = 0; at < 16; at += 4) copy_async<4>(to + at, from + at, at < left);
    } else {
        for (int at = 0; at < 16; at += 2)
            *reinterpret_cast<std::uint16_t*>(to + at) =
                at < left ? *reinterpret_cast<const std::uint16_t*>(from + at) : std::uint16_t(0);
    }
}

// Starts copying `Rows` rows into a tile with all threads of the block. row_of(r) is the address of row r's first
// byte, or null for a row of zeros; `bytes` of it are there.
template <int Rows, int Threads, class Tile, class RowOf>
DEVICE void copy_rows(const Tile& tile, int bytes, int unit, const RowOf& row_of) {
    constexpr int chunks = Rows * Tile::row_chunks;
    static_assert(chunks % Threads == 0 || Threads % Tile::row_chunks == 0);
#pragma unroll
    for (int first = 0; first < chunks; first += Threads) {
        const int index = first + thread_index().x;
        if (chunks % Threads != 0 && index >= chunks) break;
        const int row = index / Tile::row_chunks, chunk = index % Tile::row_chunks;
        const std::byte* from = row_of(row);
        copy_chunk(tile.chunk(row, chunk), from + chunk * 16, from ? bytes - chunk * 16 : 0, unit);
    }
}

} // namespace dilascope::simt
