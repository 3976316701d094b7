#pragma once
// What forward and backward do alike with tiles in shared memory: fill them with the rows and keys of an item, and
// multiply them. A warp has `Atoms` × 16 rows; accumulators lie as fragments.cuh says.
#include "engine/backends/cuda/fragments.cuh"
#include "engine/backends/cuda/item_rows.cuh"

namespace dilascope::simt {

// Starts copying the item's rows of a tensor (B,N,H,D) into a tile. They are there after copy_wait() and a barrier.
template <int Rows, int Threads, class Tile>
DEVICE void copy_item_rows(const Tile& to, const void* from, const ItemRows<Rows>& rows, const TensorShape& shape) {
    const RowSource source{from, shape.head_dim * Tile::element_bytes, shape.copy_unit};
    copy_rows<Rows, Threads>(to, source, [&](int row) -> std::int64_t {
        return row < rows.count() ? shape.query_row(rows.batch(), rows.positions[row], rows.head()) : -1;
    });
}

// Starts copying a block of keys or values (B,M,G,D), as a group of its own.
template <int Keys, int Threads, class Tile>
DEVICE void copy_block(const Tile& to, const void* from, const KeyTable<Keys>& table, int block,
                       const TensorShape& shape) {
    const RowSource source{from, shape.head_dim * Tile::element_bytes, shape.copy_unit};
    const BlockLine& line = table.line(block);
    if (line.step > 0 && source.bytes == Tile::row_bytes)
        copy_line_of_rows<Keys, Threads>(to, static_cast<const std::byte*>(from) + line.offset * Tile::element_bytes,
                                         line.step);
    else
        copy_rows<Keys, Threads>(to, source, [&](int key) { return table.offset(block, key); });
    copy_commit();
}

// scores += (this warp's rows of `left`, from first_row on) · (rows first_key … of `right`)ᵀ, over all columns of both.
template <class Element, int Atoms, int Tiles, class Tile>
DEVICE void add_scores(float (&scores)[Atoms][Tiles][4], const Tile& left, int first_row, const Tile& right,
                       int first_key) {
    using Operands = Fragments<Element>;
    const int lane = opaque_lane();
#pragma unroll(Operands::unroll)
    for (int k = 0; k < Tile::columns; k += Operands::depth) {
        typename Operands::Left row_operands[Atoms];
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
            Operands::load_left(row_operands[atom], left, first_row + atom * 16, k, lane);
#pragma unroll
        for (int n = 0; n < Tiles * 8; n += 16) {
            typename Operands::Right key_operand;
            Operands::load_right(key_operand, right, first_key + n, k, lane);
#pragma unroll
            for (int atom = 0; atom < Atoms; ++atom)
                Operands::multiply(scores[atom][n / 8], scores[atom][n / 8 + 1], row_operands[atom], key_operand);
        }
    }
}

// Weights (16 rows × keys) as left operands of one product after the other along the keys.
template <class Element, int Steps, int Atoms, int Tiles>
DEVICE void round_weights(const float (&from)[Atoms][Tiles][4],
                          typename Fragments<Element>::Left (&operands)[Atoms][Steps]) {
#pragma unroll
    for (int atom = 0; atom < Atoms; ++atom)
#pragma unroll
        for (int step = 0; step < Steps; ++step)
            Fragments<Element>::from_accumulators(operands[atom][step], from[atom], step);
}

DEVICE void add(float (&sums)[4], const float (&terms)[4]) {
#pragma unroll
    for (int index = 0; index < 4; ++index) sums[index] += terms[index];
}

// sums += weights · (the tile's rows, one a key).
template <class Element, int Steps, int Atoms, int Tiles, class Tile>
DEVICE void add_weighted(float (&sums)[Atoms][Tiles][4], typename Fragments<Element>::Left (&weights)[Atoms][Steps],
                         const Tile& tile) {
    using Operands = Fragments<Element>;
    if constexpr (Operands::has_short_sums) {
        const int lane = opaque_lane();
#pragma unroll
        for (int n = 0; n < Tiles * 8; n += 16)
#pragma unroll
            for (int atom = 0; atom < Atoms; ++atom) {
                float low[4] = {}, high[4] = {}; // of this block of keys
#pragma unroll
                for (int step = 0; step < Steps; ++step) {
                    typename Operands::Right right;
                    Operands::load_right_transposed(right, tile, step * Operands::depth, n, lane);
                    Operands::multiply(low, high, weights[atom][step], right);
                }
                add(sums[atom][n / 8], low), add(sums[atom][n / 8 + 1], high);
            }
        return;
    }
#pragma unroll
    for (int step = 0; step < Steps; ++step) {
        const int lane = opaque_lane();
#pragma unroll
        for (int n = 0; n < Tiles * 8; n += 16) {
            typename Operands::Right right;
            Operands::load_right_transposed(right, tile, step * Operands::depth, n, lane);
#pragma unroll
            for (int atom = 0; atom < Atoms; ++atom)
                Operands::multiply(sums[atom][n / 8], sums[atom][n / 8 + 1], weights[atom][step], right);
        }
    }
}

enum class Stored : std::uint8_t { plain, transposed };

// sums += (rows `first` … of left) · (columns first_column … of right), over the Depth rows of right. A left tile that
// is stored transposed has the depth along its rows.
template <class Element, Stored stored, int Depth, int Atoms, int Tiles, class LeftTile, class RightTile>
DEVICE void add_products(float (&sums)[Atoms][Tiles][4], const LeftTile& left, int first, const RightTile& right,
                         int first_column) {
    using Operands = Fragments<Element>;
    const int lane = opaque_lane();
#pragma unroll(Operands::unroll)
    for (int k = 0; k < Depth; k += Operands::depth) {
        typename Operands::Left left_operands[Atoms];
#pragma unroll
        for (int atom = 0; atom < Atoms; ++atom)
            if constexpr (stored == Stored::plain)
                Operands::load_left(left_operands[atom], left, first + atom * 16, k, lane);
            else
                Operands::load_left_transposed(left_operands[atom], left, k, first + atom * 16, lane);
#pragma unroll
        for (int n = 0; n < Tiles * 8; n += 16) {
            typename Operands::Right right_operand;
            Operands::load_right_transposed(right_operand, right, k, first_column + n, lane);
#pragma unroll
            for (int atom = 0; atom < Atoms; ++atom) {
                if constexpr (Operands::has_short_sums && stored == Stored::plain) { // dQ; dV and dK are short
                    float low[4] = {}, high[4] = {};
                    Operands::multiply(low, high, left_operands[atom], right_operand);
                    add(sums[atom][n / 8], low), add(sums[atom][n / 8 + 1], high);
                } else {
                    Operands::multiply(sums[atom][n / 8], sums[atom][n / 8 + 1], left_operands[atom], right_operand);
                }
            }
        }
    }
}

} // namespace dilascope::simt
