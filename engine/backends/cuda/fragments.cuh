#pragma once
// Fragments of matrices that the tensor cores multiply, by element type: F16, BF16 (mma.m16n8k16), and f32 tensors by
// mma.m16n8k8 of tf32 operands, in three products for the accuracy of f32 (F32) or in one (TF32).
//
// Lane l = 4g + t of a warp. An accumulator of 16 × 8 holds (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1): PTX ISA
// 9.7.14.5. 16-bit operands hold pairs along the depth, so accumulators turn into left operands by packing. For tf32
// the depth of each product is renumbered, t → 2t and t + 4 → 2t + 1, in both operands alike: then accumulators are
// left operands as they are, and rows are read two elements at a time.
//
// The three products take both operands in two parts each, made where they are multiplied: three plain instructions an
// element. sm_80 has no instruction for cvt.rna.tf32: parts made with it and with a test for infinity took all 255
// registers and spilled. Tensor cores cut every sum off towards zero: a sum along 1024 keys, cut three times per 8 of
// them, lacks 5e-6 to 2e-5 of itself. So f32 sums along keys are of short sums from 0, added with rounding.
#include "engine/backends/cuda/tile_memory.cuh"

namespace dilascope::simt {

struct F32 {}; // the other element types come with simt.cuh

namespace elements { // as CudaElement names them
using f16 = F16;
using bf16 = BF16;
using f32 = F32;
using tf32 = TF32;
} // namespace elements

// This thread's lane, of which the compiler knows nothing more: the many addresses that depend on it are then computed
// where they are used. Hoisted out of the loop over keys they would take the registers of the accumulators.
DEVICE int opaque_lane() {
    int value = lane();
    asm volatile("" : "+r"(value));
    return value;
}

template <class Element> struct Fragments;

template <class Element> struct HalfFragments {
    static constexpr int bytes = 2;
    static constexpr int depth = 16;              // of one product
    static constexpr int unroll = 4;              // products along the depth in flight
    static constexpr bool has_short_sums = false; // along keys
    using Left = std::uint32_t[4];                // 16 × depth
    using Right = std::uint32_t[4];               // depth × 16: two operands of 8 columns

    // Rows m … m + 15, columns k … k + 15 of a tile stored [m][k].
    template <class Tile> static DEVICE void load_left(Left& left, const Tile& tile, int m, int k, int lane) {
        load_matrix_x4(left, tile.chunk(m + (lane & 15), k / 8 + lane / 16));
    }
    // The same of a tile stored [k][m].
    template <class Tile>
    static DEVICE void load_left_transposed(Left& left, const Tile& tile, int k, int m, int lane) {
        load_matrix_x4_transposed(left, tile.chunk(k + lane / 16 * 8 + (lane & 7), m / 8 + (lane / 8 & 1)));
    }
    // Columns n … n + 15, depth k … k + 15 of a tile stored [n][k].
    template <class Tile> static DEVICE void load_right(Right& right, const Tile& tile, int n, int k, int lane) {
        load_matrix_x4(right, tile.chunk(n + lane / 16 * 8 + (lane & 7), k / 8 + (lane / 8 & 1)));
    }
    // The same of a tile stored [k][n].
    template <class Tile>
    static DEVICE void load_right_transposed(Right& right, const Tile& tile, int k, int n, int lane) {
        load_matrix_x4_transposed(right, tile.chunk(k + (lane / 8 & 1) * 8 + (lane & 7), n / 8 + lane / 16));
    }
    // Columns 16·step … of accumulators that lie side by side.
    template <int Count> static DEVICE void from_accumulators(Left& left, const float (&from)[Count][4], int step) {
        const float(&low)[4] = from[2 * step];
        const float(&high)[4] = from[2 * step + 1];
        left[0] = pack<Element>(low[0], low[1]), left[1] = pack<Element>(low[2], low[3]);
        left[2] = pack<Element>(high[0], high[1]), left[3] = pack<Element>(high[2], high[3]);
    }
    // Two neighbours of a row as they are stored.
    static DEVICE void store_pair(std::byte* to, float first, float second) {
        *reinterpret_cast<std::uint32_t*>(to) = pack<Element>(first, second);
    }
    static DEVICE void multiply(float (&low)[4], float (&high)[4], const Left& left, const Right& right) {
        const std::uint32_t first[2] = {right[0], right[1]}, second[2] = {right[2], right[3]};
        multiply_add<Element>(low, left, first);
        multiply_add<Element>(high, left, second);
    }
};

template <> struct Fragments<F16> : HalfFragments<F16> {};
template <> struct Fragments<BF16> : HalfFragments<BF16> {};

template <class Element> struct WordFragments {
    static constexpr int bytes = 4;
    static constexpr int depth = 8;
    static constexpr int unroll = 1; // each is three, with both operands in parts
    static constexpr bool has_short_sums = std::is_same_v<Element, F32>;
    using Left = float[4];
    using Right = float[4];

    // Rows and columns begin at multiples of 8, and what a lane adds is less. The masks and XOR let the compiler see
    // it: a lane's part of an address then goes through the tile's swizzle once for all columns that are 32 apart.
    static DEVICE int group(int lane) { return lane >> 2 & 7; }
    static DEVICE int pair(int lane) { return (lane & 3) * 2; }
    template <class Tile> static DEVICE const float* elements(const Tile& tile, int row, int column) {
        return reinterpret_cast<const float*>(tile.at(row, column));
    }
    template <class Tile> static DEVICE void load_left(Left& left, const Tile& tile, int m, int k, int lane) {
        const float* top = elements(tile, m + group(lane), k ^ pair(lane));
        const float* bottom = elements(tile, m + 8 + group(lane), k ^ pair(lane));
        left[0] = top[0], left[1] = bottom[0], left[2] = top[1], left[3] = bottom[1];
    }
    template <class Tile>
    static DEVICE void load_left_transposed(Left& left, const Tile& tile, int k, int m, int lane) {
        const int row = k + pair(lane), column = m ^ group(lane);
        left[0] = *elements(tile, row, column), left[1] = *elements(tile, row, column ^ 8);
        left[2] = *elements(tile, row + 1, column), left[3] = *elements(tile, row + 1, column ^ 8);
    }
    template <class Tile> static DEVICE void load_right(Right& right, const Tile& tile, int n, int k, int lane) {
        const float* first = elements(tile, n + group(lane), k ^ pair(lane));
        const float* second = elements(tile, n + 8 + group(lane), k ^ pair(lane));
        right[0] = first[0], right[1] = first[1], right[2] = second[0], right[3] = second[1];
    }
    template <class Tile>
    static DEVICE void load_right_transposed(Right& right, const Tile& tile, int k, int n, int lane) {
        const int row = k + pair(lane), column = n ^ group(lane);
        right[0] = *elements(tile, row, column), right[1] = *elements(tile, row + 1, column);
        right[2] = *elements(tile, row, column ^ 8), right[3] = *elements(tile, row + 1, column ^ 8);
    }
    template <int Count> static DEVICE void from_accumulators(Left& left, const float (&from)[Count][4], int step) {
        left[0] = from[step][0], left[1] = from[step][2], left[2] = from[step][1], left[3] = from[step][3];
    }
    static DEVICE void store_pair(std::byte* to, float first, float second) {
        reinterpret_cast<float*>(to)[0] = first, reinterpret_cast<float*>(to)[1] = second;
    }
    static DEVICE void multiply(float (&low)[4], float (&high)[4], const Left& left, const Right& right) {
        const float first[2] = {right[0], right[1]}, second[2] = {right[2], right[3]};
        multiply_columns(low, left, first);
        multiply_columns(high, left, second);
    }

private:
    static DEVICE void multiply_columns(float (&sum)[4], const Left& left, const float (&right)[2]) {
        std::uint32_t left_high[4], left_low[4], right_high[2], right_low[2];
#pragma unroll
        for (int index = 0; index < 4; ++index) split(left[index], left_high[index], left_low[index]);
#pragma unroll
        for (int index = 0; index < 2; ++index) split(right[index], right_high[index], right_low[index]);
        if constexpr (std::is_same_v<Element, F32>) {
            multiply_add<TF32>(sum, left_low, right_high);
            multiply_add<TF32>(sum, left_high, right_low);
        }
        multiply_add<TF32>(sum, left_high, right_high);
    }
    // x = high + low to 2^−23 of x; the product of two low parts, left out, is below 2^−22. High is rounded to tf32,
    // ties away from zero; of low's 12 bits the tensor core drops at most the last. Infinity has no parts: it, and what
    // rounds to it, makes not-a-numbers.
    static DEVICE void split(float value, std::uint32_t& high, std::uint32_t& low) {
        if constexpr (std::is_same_v<Element, F32>) {
            high = (bits_from_float(value) + 0x1000) & 0xffffe000;
            low = bits_from_float(value - float_from_bits(high));
        } else {
            high = tf32_bits(value);
        }
    }
};

template <> struct Fragments<F32> : WordFragments<F32> {};
template <> struct Fragments<TF32> : WordFragments<TF32> {};

} // namespace dilascope::simt
