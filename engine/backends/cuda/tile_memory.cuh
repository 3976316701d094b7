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

// Where rows lie that go into a tile: `bytes` of each are there, and `unit` is the largest of 16, 4 and 2 that divides
// all rows' bytes and addresses.
struct RowSource {
    const void* from = nullptr;
    int bytes = 0, unit = 16;
};

// Thread t copies chunk t mod row_chunks of every (Threads / row_chunks)-th row.
template <int Threads, class Tile> struct RowShare {
    static constexpr int rows_at_once = Threads / Tile::row_chunks;
    static_assert(Threads % Tile::row_chunks == 0 && rows_at_once > 0);
    int chunk = thread_index().x % Tile::row_chunks, first_row = thread_index().x / Tile::row_chunks;
};

// Starts copying `Rows` rows into a tile with all threads of the block. offset_of(r): elements from source.from to row
// r's first, or negative for a row of zeros. Waits for nothing: the copy is done after copy_wait() and a barrier.
template <int Rows, int Threads, class Tile, class OffsetOf>
DEVICE void copy_rows(const Tile& tile, const RowSource& source, const OffsetOf& offset_of) {
    const RowShare<Threads, Tile> share;
    const std::byte* from = static_cast<const std::byte*>(source.from) + share.chunk * 16;
#pragma unroll 1
    for (int row = share.first_row; row < Rows; row += share.rows_at_once) {
        const std::int64_t offset = offset_of(row);
        const std::byte* row_from = from + (offset < 0 ? 0 : offset) * Tile::element_bytes;
        const int there = offset < 0 ? 0 : source.bytes - share.chunk * 16;
        if (source.unit == 16)
            copy_async<16>(tile.chunk(row, share.chunk), row_from, there > 0);
        else
            copy_small_units(tile.chunk(row, share.chunk), row_from, there, source.unit);
    }
}

// The same of whole rows on a line, `step` elements from one to the next, by units of 16 bytes: nearly all keys and
// values come so, and there are two instructions a chunk.
template <int Rows, int Threads, class Tile>
DEVICE void copy_line_of_rows(const Tile& tile, const void* first, int step) {
    const RowShare<Threads, Tile> share;
    const int step_bytes = step * Tile::element_bytes;
    const std::byte* from =
        static_cast<const std::byte*>(first) + std::int64_t(share.first_row) * step_bytes + share.chunk * 16;
#pragma unroll
    for (int row = 0; row < Rows; row += share.rows_at_once)
        if (Rows % share.rows_at_once == 0 || share.first_row + row < Rows)
            copy_async16(tile.chunk(share.first_row + row, share.chunk), from + std::int64_t(row) * step_bytes);
}

} // namespace dilascope::simt
