// The micro-kernel of both matrix products: out[r][c] (+)= Σ_k a(r, k) · b[k][c], accumulators in registers throughout.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_MICRO_KERNEL_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_MICRO_KERNEL_INL_H
#undef DILASCOPE_MICRO_KERNEL_INL_H
#else
#define DILASCOPE_MICRO_KERNEL_INL_H
#endif
#include "hwy/highway.h"
#include <array>
#include <cstdint>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVec = hn::Vec<FloatTag>;
constexpr int lanes = HWY_LANES(float);
// 6 rows × 4 vectors fill 32 registers (24 sums, 4 of b, 1 broadcast), 6 × 2 fill 16.
constexpr int micro_rows = 6;
constexpr int micro_vectors = lanes == 16 || HWY_ARCH_ARM_A64 ? 4 : 2;

// How the left operand lies in memory: a(r, k) = a[r·step + k] or a[k·step + r].
enum class Left { row_major, column_major };
enum class Into { overwrite, add };

template <int R, int C, Left left, Into into>
HWY_NOINLINE void multiply(const float* HWY_RESTRICT a, std::int64_t a_step, const float* HWY_RESTRICT b,
                           std::int64_t b_step, std::int64_t count, float* HWY_RESTRICT out, std::int64_t out_step) {
    const FloatTag tag;
    FloatVec sums[R][C];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c)
            sums[r][c] = into == Into::add ? hn::Load(tag, out + r * out_step + c * lanes) : hn::Zero(tag);
    for (std::int64_t k = 0; k < count; ++k) {
        FloatVec right[C];
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) right[c] = hn::Load(tag, b + c * lanes);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) {
            const FloatVec spread = hn::Set(tag, left == Left::row_major ? a[r * a_step] : a[r]);
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) sums[r][c] = hn::MulAdd(spread, right[c], sums[r][c]);
        }
        a += left == Left::row_major ? 1 : a_step;
        b += b_step;
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) hn::Store(sums[r][c], tag, out + r * out_step + c * lanes);
}

using MultiplyFunction = void (*)(const float*, std::int64_t, const float*, std::int64_t, std::int64_t, float*,
                                  std::int64_t);

template <Left left, Into into, int... index>
constexpr std::array<MultiplyFunction, sizeof...(index)> multiply_table(std::integer_sequence<int, index...>) {
    return {multiply<index % micro_rows + 1, index / micro_rows + 1, left, into>...};
}

// The instance for 1 … micro_rows rows and 1 … micro_vectors vectors.
template <Left left, Into into> MultiplyFunction multiply_of(int rows, int vectors) {
    static constexpr auto table =
        multiply_table<left, into>(std::make_integer_sequence<int, micro_rows * micro_vectors>());
    return table[std::size_t((vectors - 1) * micro_rows + rows - 1)];
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
