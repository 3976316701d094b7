// The micro-kernel of both matrix products: out[r][c] (+)= Σ_k a(r, k) · b[k][c], accumulators in registers throughout.
// What a and b hold, and what one step does with them, is an Operation's: f32 numbers here, pairs of bf16 numbers in
// pair_dot-inl.h.
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
using BitsTag = hn::RebindToUnsigned<FloatTag>;
using BitsVec = hn::Vec<BitsTag>;
constexpr int lanes = HWY_LANES(float);
// 6 rows × 4 vectors fill 32 registers (24 sums, 4 of b, 1 broadcast), 6 × 2 fill 16. Panels are transposed by fours.
// Of 16 registers, on two shared Zen 3 cores: 3 × 4 with two vectors of b read by the multiply-adds themselves is 17
// instructions a step for 20, but 11 loads for 8: 0.91 … 0.95 times as fast; 4 × 3, 7 loads: 1.01 … 1.03 (not done).
constexpr int micro_rows = 6;
constexpr int micro_vectors = lanes == 16 || lanes == 1 || HWY_ARCH_ARM_A64 ? 4 : 2;
// A panel is a matrix with the rows of a tile as its columns, as many as the micro-kernel is wide: (D, panel_rows).
constexpr int panel_rows = micro_vectors * lanes;
constexpr std::int64_t panel_step(std::int64_t head_dim) { return (head_dim + 3) / 4 * 4 * panel_rows; }
constexpr std::int64_t panel_count(int row_count) { return (row_count + panel_rows - 1) / panel_rows; }

struct MultiplyAdd {
    static HWY_INLINE FloatVec spread(const float* left) { return hn::Set(FloatTag(), *left); }
    static HWY_INLINE FloatVec add(FloatVec left, FloatVec right, FloatVec sum) { return hn::MulAdd(left, right, sum); }
};

// How the left operand lies in memory: a(r, k) = a[r·step + k] or a[k·step + r].
enum class Left { row_major, column_major };
enum class Into { overwrite, add };

// One operand or result of a run of micro-tiles: where the first begins, how far its rows (or, of b, its k) and the
// tiles are apart.
template <class T, class Step = std::int64_t> struct Strided {
    T* data;
    Step step; // a Fixed one costs no address arithmetic
    std::int64_t tile_step = 0;
};
template <class T, class Step> Strided(T*, Step) -> Strided<T, Step>;
template <std::int64_t step> using Fixed = std::integral_constant<std::int64_t, step>;
constexpr Fixed<panel_rows> panel_row;

// What else is done once a micro-tile: nothing, or a bit of work that does not compete for the multiply-add units.
struct NothingBeside {
    HWY_INLINE void step() const {}
};
inline constexpr NothingBeside nothing_beside;

// `tiles` micro-tiles of R rows × C vectors over the same b, each of `count` steps deep. Unrolled by eight: where
// another thread shares the core, issue slots seem to be what is short, and counting takes a sixth of them.
template <class Operation, int R, int C, Left left, Into into, class A, class B, class Out, class Beside>
HWY_NOINLINE void multiply(std::int64_t tiles, A a, B b, std::int64_t count, Out out, Beside& beside) {
    const FloatTag tag;
    for (; tiles > 0; --tiles, a.data += a.tile_step, out.data += out.tile_step) {
        beside.step();
        FloatVec sums[R][C];
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c)
                sums[r][c] = into == Into::add ? hn::Load(tag, out.data + r * out.step + c * lanes) : hn::Zero(tag);
        const float *HWY_RESTRICT from_a = a.data, *HWY_RESTRICT from_b = b.data;
#pragma GCC unroll 8
        for (std::int64_t k = 0; k < count; ++k) {
            FloatVec right[C];
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) right[c] = hn::Load(tag, from_b + c * lanes);
#pragma GCC unroll 8
            for (int r = 0; r < R; ++r) {
                const FloatVec spread = Operation::spread(from_a + (left == Left::row_major ? r * a.step : r));
#pragma GCC unroll 8
                for (int c = 0; c < C; ++c) sums[r][c] = Operation::add(spread, right[c], sums[r][c]);
            }
            from_a += left == Left::row_major ? 1 : a.step;
            from_b += b.step;
        }
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
            for (int c = 0; c < C; ++c) hn::Store(sums[r][c], tag, out.data + r * out.step + c * lanes);
    }
}

template <class Operation, Left left, Into into, class A, class B, class Out, class Beside, int... index>
constexpr auto multiply_table(std::integer_sequence<int, index...>) {
    return std::array{
        multiply<Operation, index % micro_rows + 1, index / micro_rows + 1, left, into, A, B, Out, Beside>...};
}

// out (+)= a·b for any number of rows and 1 … micro_vectors vectors, of Strided operands. Rows are shared out evenly:
// 64 are 9 × 6 + 2 × 5, which keeps the multiply-add units busier than 10 × 6 + 4.
template <Left left, Into into, class Operation = MultiplyAdd, class A, class B, class Out,
          class Beside = const NothingBeside>
void multiply_rows(std::int64_t rows, int vectors, A a, B b, std::int64_t count, Out out,
                   Beside& beside = nothing_beside) {
    static constexpr auto table = multiply_table<Operation, left, into, A, B, Out, Beside>(
        std::make_integer_sequence<int, micro_rows * micro_vectors>());
    const std::int64_t tiles = (rows + micro_rows - 1) / micro_rows;
    if (tiles == 0) return;
    const std::int64_t few = rows / tiles, larger = rows % tiles; // `larger` tiles have one row more
    for (const auto& [height, number] : {std::pair{few + 1, larger}, std::pair{few, tiles - larger}}) {
        if (number == 0) continue;
        a.tile_step = height * (left == Left::row_major ? a.step : 1), out.tile_step = height * out.step;
        table[std::size_t((vectors - 1) * micro_rows + height - 1)](number, a, b, count, out, beside);
        a.data += number * a.tile_step, out.data += number * out.tile_step;
    }
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
