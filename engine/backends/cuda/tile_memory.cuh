#pragma once
// Tiles of rows in shared memory, and how rows get there.
#include "engine/backends/cuda/simt.cuh"
#include <cstdint>

namespace dilascope::simt {

// Rows of `Columns` elements of Bytes each, cut into chunks of 16 bytes. Chunk c of row r lies at c XOR (r mod 8) of
// its 128 bytes, so that the 8 rows of one ldmatrix lie in different banks; rows of 64 bytes share a line by twos.
template <int Columns, int Bytes> struct SharedTile {
    static constexpr int columns = Columns, element_bytes = Bytes;
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
    // Lines of 8 chunks are a plain offset, which a load has for nothing.
    DEVICE std::byte* at(int row, int column) const {
        constexpr unsigned line_bytes = swizzle_chunks * 16;
        const unsigned byte = unsigned(column) * Bytes;
        const unsigned swizzle = unsigned(row) / rows_per_line % swizzle_chunks * 16;
        return base + row * row_bytes + byte / line_bytes * line_bytes + (byte % line_bytes ^ swizzle);
    }
};

// Copies 16 bytes of a row of which `left` are there, and zeros for the rest, by units of 4 or 2 bytes.
DEVICE void copy_small_units(std::byte* to, const std::byte* from, int left, int unit) {
    for (int at = 0; at < 16; at += unit)
        if (unit == 4)
            copy_async<4>(to + at, from + at, at < left);
        else
            *reinterpret_cast<std::uint16_t*>(to + at) =
                at < left ? *reinterpret_cast<const std::uint16_t*>(from + at) : std::uint16_t(0);
}

// Starts copying `Rows` rows into a tile with all threads of the block. row_of(r) is the address of row r's first byte,
// or null for a row of zeros; `bytes` of it are there. `unit`: the largest of 16, 4 and 2 that divides all rows' bytes
// and addresses. Waits for nothing: the copy is done after copy_wait() and a barrier.
template <int Rows, int Threads, class Tile, class RowOf>
DEVICE void copy_rows(const Tile& tile, int bytes, int unit, const RowOf& row_of) {
    // Thread t copies chunk t mod row_chunks of every (Threads / row_chunks)-th row.
    constexpr int rows_at_once = Threads / Tile::row_chunks;
    static_assert(Threads % Tile::row_chunks == 0 && rows_at_once > 0);
    const int chunk = thread_index().x % Tile::row_chunks, left = bytes - chunk * 16;
#pragma unroll 2
    for (int row = thread_index().x / Tile::row_chunks; row < Rows; row += rows_at_once) {
        const std::byte* from = row_of(row);
        const int there = from ? left : 0;
        if (unit == 16)
            copy_async<16>(tile.chunk(row, chunk), from + chunk * 16, there > 0);
        else
            copy_small_units(tile.chunk(row, chunk), from + chunk * 16, there, unit);
    }
}

} // namespace dilascope::simt
