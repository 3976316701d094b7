// Dot products of pairs of bf16 numbers: twice the multiply-adds of an f32 vector where the CPU has them, summed in
// f32. Included once per instruction set; see tile_kernel.cpp.
//
// A pair lies in the 32 bits of a float lane, its first number in the lower half, so pairs move through the f32
// layouts: panels, dense rows, micro-kernels. Nothing computes with such lanes but the operation here.
#if defined(DILASCOPE_PAIR_DOT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_PAIR_DOT_INL_H
#undef DILASCOPE_PAIR_DOT_INL_H
#else
#define DILASCOPE_PAIR_DOT_INL_H
#endif
#include "engine/backends/cpu/micro_kernel-inl.h"
#include <cstring>

// The compiler must not be told that the whole set has the instruction: AVX3 began without it. kernel_target.h asks the
// CPU; nothing else may call what is built on this.
#undef DILASCOPE_HAS_PAIR_DOT
#if HWY_ARCH_X86_64 && HWY_TARGET <= HWY_AVX3
#define DILASCOPE_HAS_PAIR_DOT 1
#else
#define DILASCOPE_HAS_PAIR_DOT 0
#endif

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// An Operation of the micro-kernel: sum + left₁·right₁ + left₂·right₂.
struct PairDot {
    static HWY_INLINE FloatVec spread(const float* left) {
        std::uint32_t pair; // tensors of bf16 may begin at any even address
        std::memcpy(&pair, left, sizeof pair);
        return hn::BitCast(FloatTag(), hn::Set(BitsTag(), pair));
    }
    static HWY_INLINE FloatVec add(FloatVec left, FloatVec right, FloatVec sum) {
#if DILASCOPE_HAS_PAIR_DOT
        asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(left.raw), "v"(right.raw));
        return sum;
#else // For tests on other CPUs. The instruction takes denormal numbers for 0; products of bf16 are exact in both.
        const BitsTag pairs;
        const FloatTag tag;
        const BitsVec upper = hn::Set(pairs, 0xffff0000u);
        const BitsVec left_bits = hn::BitCast(pairs, left), right_bits = hn::BitCast(pairs, right);
        sum =
            hn::MulAdd(hn::BitCast(tag, hn::And(left_bits, upper)), hn::BitCast(tag, hn::And(right_bits, upper)), sum);
        return hn::MulAdd(hn::BitCast(tag, hn::ShiftLeft<16>(left_bits)),
                          hn::BitCast(tag, hn::ShiftLeft<16>(right_bits)), sum);
#endif
    }
};

// Weights (keys, panel_rows), 0 … 1 or NaN, to pairs of keys (⌈keys/2⌉, panel_rows) in their place, rounded to the
// nearest; the last of an odd number is paired with 0.
inline void pair_weights(float* weights, int key_count, int vectors) {
    const FloatTag tag;
    const BitsTag pairs;
    const BitsVec half = hn::Set(pairs, 0x8000u), upper = hn::Set(pairs, 0xffff0000u);
    for (int key = 0; key < key_count; key += 2)
        for (int lane = 0; lane < vectors * lanes; lane += lanes) {
            const float* from = weights + key * panel_rows + lane;
            const BitsVec first = hn::Add(hn::BitCast(pairs, hn::Load(tag, from)), half);
            const BitsVec second = key + 1 < key_count
                                       ? hn::Add(hn::BitCast(pairs, hn::Load(tag, from + panel_rows)), half)
                                       : hn::Zero(pairs);
            hn::Store(hn::BitCast(tag, hn::Or(hn::ShiftRight<16>(first), hn::And(second, upper))), tag,
                      weights + key / 2 * panel_rows + lane);
        }
}

// Two rows of D numbers to D pairs; `second` may be null: zeros. Writes whole vectors.
inline void pair_rows(const hwy::bfloat16_t* first, const hwy::bfloat16_t* second, std::int64_t head_dim, float* to) {
    const FloatTag tag;
    const BitsTag pairs;
    const hn::Rebind<std::uint16_t, FloatTag> halves;
    const auto load = [&](const hwy::bfloat16_t* row, std::int64_t d) {
        std::uint16_t numbers[lanes] = {}; // in memory only at the row's end
        if (d + lanes > head_dim) {
            std::memcpy(numbers, row + d, std::size_t(head_dim - d) * sizeof *row);
            return hn::PromoteTo(pairs, hn::LoadU(halves, numbers));
        }
        return hn::PromoteTo(pairs, hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(row + d)));
    };
    for (std::int64_t d = 0; d < head_dim; d += lanes) {
        const BitsVec upper = second ? hn::ShiftLeft<16>(load(second, d)) : hn::Zero(pairs);
        hn::Store(hn::BitCast(tag, hn::Or(load(first, d), upper)), tag, to + d);
    }
}

// Whether no number of the pairs (rows, D) is infinite or NaN.
inline bool all_pairs_finite(const float* rows, std::int64_t row_count, std::int64_t head_dim, std::int64_t step) {
    const BitsTag pairs;
    const BitsVec lower_exponent = hn::Set(pairs, 0x7f80u), upper_exponent = hn::Set(pairs, 0x7f800000u);
    for (std::int64_t row = 0; row < row_count; ++row)
        for (std::int64_t d = 0; d < head_dim; d += lanes) { // what pair_rows() wrote: whole vectors
            const BitsVec x = hn::BitCast(pairs, hn::Load(FloatTag(), rows + row * step + d));
            const auto is_special = hn::Or(hn::Eq(hn::And(x, lower_exponent), lower_exponent),
                                           hn::Eq(hn::And(x, upper_exponent), upper_exponent));
            if (!hn::AllFalse(pairs, is_special)) return false;
        }
    return true;
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
