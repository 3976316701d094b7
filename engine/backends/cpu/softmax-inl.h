// Online softmax of one panel's transposed scores, in log2 units: P = 2^(S − max), in place.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_SOFTMAX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_SOFTMAX_INL_H
#undef DILASCOPE_SOFTMAX_INL_H
#else
#define DILASCOPE_SOFTMAX_INL_H
#endif
#include "engine/backends/cpu/micro_kernel-inl.h"
#include "engine/backends/cpu/tile_kernel.h"
#include "engine/infinity.h"

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// max(x, low), NaN where x is. The maximum of x86 gives its second operand then, others drop the NaN.
HWY_INLINE FloatVec at_least(FloatVec low, FloatVec x) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    return hn::Max(low, x);
#else
    return hn::IfThenElse(hn::Lt(x, low), low, x);
#endif
}

// Adding 1.5·2²³ rounds a number to a whole n and leaves n in the low mantissa bits.
constexpr float rounder = 12582912.0f;
// Below 2⁻¹²⁷ weights are zero: there the exponent field of 1 becomes 0.
constexpr float lowest_exponent = -127.0f;

// 2^(x − M) of a few vectors of x ≤ M, relative error below 2e-7; 0 from M − 127 down, NaN stays NaN. M of vector c is
// a whole number, as lowest[c % columns] = M − 127 and round[c % columns] = rounder − M. x − M = n + f with |f| ≤ ½: a
// shift puts the n of the rounded sum into the exponent of the polynomial 2^f. Step by step for all vectors: one chain
// after the other would fill the scheduler with waiting steps.
template <int C, int columns>
HWY_INLINE void exp2_below(FloatVec (&x)[C], const FloatVec (&lowest)[columns], const FloatVec (&round)[columns]) {
    const FloatTag tag;
    const hn::RebindToSigned<FloatTag> bits;
    // Minimax of the relative error on [−½, ½], degree 5, with 2^0 = 1 exactly: a maximum that stays must not rescale.
    constexpr float coefficients[6] = {0.0013264739f, 0.00967151672f, 0.0555073358f, 0.240222424f, 0.693147004f, 1.0f};
    FloatVec rounded[C], p[C];
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) x[c] = at_least(lowest[c % columns], x[c]);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) rounded[c] = hn::Add(x[c], round[c % columns]);
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) x[c] = hn::Sub(x[c], hn::Sub(rounded[c], round[c % columns]));
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) p[c] = hn::Set(tag, coefficients[0]);
#pragma GCC unroll 8
    for (int power = 1; power < 6; ++power)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) p[c] = hn::MulAdd(p[c], x[c], hn::Set(tag, coefficients[power]));
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c)
        x[c] = hn::BitCast(tag, hn::Add(hn::BitCast(bits, p[c]), hn::ShiftLeft<23>(hn::BitCast(bits, rounded[c]))));
}

// 2^x of x ≤ 0.
template <int C> HWY_INLINE void exp2_nonpositive(FloatVec (&x)[C]) {
    const FloatVec lowest[1] = {hn::Set(FloatTag(), lowest_exponent)}, round[1] = {hn::Set(FloatTag(), rounder)};
    exp2_below(x, lowest, round);
}

HWY_INLINE FloatVec exp2_nonpositive(FloatVec x) {
    FloatVec one[1] = {x};
    exp2_nonpositive(one);
    return one[0];
}

// Which of the lanes that hold rows `row` … see a key that rows begin … end see.
HWY_INLINE hn::Mask<FloatTag> seen_lanes(int row, int begin, int end) {
    const FloatTag tag;
    const FloatVec index = hn::Iota(tag, float(row));
    return hn::And(hn::Ge(index, hn::Set(tag, float(begin))), hn::Lt(index, hn::Set(tag, float(end))));
}

// Scores (keys, panel_rows) of keys that a row does not see become −inf. `row`: the panel's first.
inline void mask_scores(const KeyBlock& block, KeySpan keys, int row, int vectors, float* scores) {
    const FloatTag tag;
    const FloatVec nothing = hn::Set(tag, minus_infinity);
    for (int key = keys.begin; key < keys.end; ++key) {
        const int begin = block.row_begin[std::size_t(key)] - row, end = block.row_end[std::size_t(key)] - row;
        for (int lane = 0; lane < vectors * lanes; lane += lanes) {
            if (begin <= lane && lane + lanes <= end) continue;
            float* score = scores + key * panel_rows + lane;
            hn::Store(hn::IfThenElse(seen_lanes(lane, begin, end), hn::Load(tag, score), nothing), tag, score);
        }
    }
}

// What scores lack of log2 units, and whether their maximum is rounded up for Offsets.
struct Unscaled {
    static constexpr bool rounds_max_up = true;
    HWY_INLINE FloatVec log2_units(FloatVec score) const { return score; }
};
// Of weights that are rounded to bf16 afterwards: the largest has to be 1 exactly, or a row of one key would not be its
// value.
struct Scaled {
    static constexpr bool rounds_max_up = false;
    FloatVec factor; // > 0
    HWY_INLINE FloatVec log2_units(FloatVec score) const { return hn::Mul(score, factor); }
};

// One panel's softmax so far.
struct PanelState {
    float *out, *row_max, *row_sum; // out: (D, panel_rows)
    std::int64_t head_dim;
};

HWY_INLINE hn::Mask<FloatTag> fits_offsets(FloatVec whole) {
    return hn::Lt(hn::Abs(whole), hn::Set(FloatTag(), 4194304.0f));
}

// What exp2 subtracts: whole numbers M, |M| < 2²². Then 2^(x − M) needs no subtraction of its own: rounding
// x + (rounder − M) leaves x − M in the mantissa, exactly. Maxima that are not whole, or larger, or infinite or NaN,
// are subtracted beforehand; rows beside them keep their bits.
template <int C, bool has_others> struct Offsets {
    FloatVec lowest[C], round[C], others[C];
    HWY_INLINE Offsets(const FloatVec (&max)[C], bool are_whole) {
        const FloatTag tag;
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) {
            const FloatVec whole = !are_whole   ? hn::Zero(tag)
                                   : has_others ? hn::IfThenElseZero(fits_offsets(max[c]), max[c])
                                                : max[c];
            others[c] = !are_whole ? max[c] : hn::IfThenZeroElse(fits_offsets(max[c]), max[c]);
            lowest[c] = hn::Add(whole, hn::Set(tag, lowest_exponent));
            round[c] = hn::Sub(hn::Set(tag, rounder), whole);
        }
    }
    HWY_INLINE FloatVec subtract_others(FloatVec x, int c) const { return has_others ? hn::Sub(x, others[c]) : x; }
};

// Some keys' scores of C vectors of rows to weights, added to their rows' sums.
template <int C, int keys, class Scale, bool has_others>
HWY_INLINE void weigh(float* scores, Scale scale, const Offsets<C, has_others>& offsets, FloatVec (&sum)[C]) {
    const FloatTag tag;
    FloatVec x[C * keys];
#pragma GCC unroll 4
    for (int index = 0; index < C * keys; ++index) {
        const FloatVec score = hn::Load(tag, scores + index / C * panel_rows + index % C * lanes);
        x[index] = offsets.subtract_others(scale.log2_units(score), index % C);
    }
    exp2_below(x, offsets.lowest, offsets.round);
#pragma GCC unroll 4
    for (int index = 0; index < C * keys; ++index) {
        hn::Store(x[index], tag, scores + index / C * panel_rows + index % C * lanes);
        if (index >= C) x[index % C] = hn::Add(x[index % C], x[index]); // apart: the sums are one long chain
    }
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) sum[c] = hn::Add(sum[c], x[c]);
}

template <int C, class Scale, bool has_others>
HWY_INLINE void weigh_all(float* scores, int key_count, Scale scale, const Offsets<C, has_others>& offsets,
                          FloatVec (&sum)[C]) {
    constexpr int keys_at_once = C < 4 ? 4 / C : 1;
    int key = 0;
    for (; key + keys_at_once <= key_count; key += keys_at_once)
        weigh<C, keys_at_once>(scores + key * panel_rows, scale, offsets, sum);
    for (; key < key_count; ++key) weigh<C, 1>(scores + key * panel_rows, scale, offsets, sum);
}

// Scores to weights, in place: new maximum, weights, their sum; O shrinks where the maximum grew.
template <int C, class Scale> void softmax_panel(float* scores, int key_count, Scale scale, PanelState panel) {
    const FloatTag tag;
    const FloatVec nothing = hn::Set(tag, minus_infinity);
    FloatVec max[C], sum[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) max[c] = nothing;
#pragma GCC unroll 4
    for (int key = 0; key < key_count; ++key)
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) max[c] = hn::Max(max[c], hn::Load(tag, scores + key * panel_rows + c * lanes));

    bool fits = Scale::rounds_max_up;
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
        const FloatVec old_max = hn::Load(tag, panel.row_max + c * lanes);
        max[c] = scale.log2_units(max[c]);
        max[c] = hn::Max(old_max, Scale::rounds_max_up ? hn::Ceil(max[c]) : max[c]);
        hn::Store(max[c], tag, panel.row_max + c * lanes);
        max[c] = hn::IfThenElse(hn::Eq(max[c], nothing), hn::Zero(tag), max[c]); // −inf − −inf would be NaN
        fits = fits && hn::AllTrue(tag, fits_offsets(max[c]));
        const FloatVec shrink = exp2_nonpositive(hn::Sub(old_max, max[c]));
        sum[c] = hn::Mul(hn::Load(tag, panel.row_sum + c * lanes), shrink);
        const auto grew = hn::And(hn::Ne(shrink, hn::Set(tag, 1.0f)), hn::Ne(old_max, nothing));
        if (hn::AllFalse(tag, grew)) continue;
        for (std::int64_t d = 0; d < panel.head_dim; ++d) {
            float* out = panel.out + d * panel_rows + c * lanes;
            hn::Store(hn::Mul(hn::Load(tag, out), shrink), tag, out);
        }
    }

    FloatVec block_sum[C]; // summed apart: long rows then lose no digits
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) block_sum[c] = hn::Zero(tag);
    if (fits)
        weigh_all(scores, key_count, scale, Offsets<C, false>(max, true), block_sum);
    else
        weigh_all(scores, key_count, scale, Offsets<C, true>(max, Scale::rounds_max_up), block_sum);
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) hn::Store(hn::Add(sum[c], block_sum[c]), tag, panel.row_sum + c * lanes);
}

template <class Scale> void softmax_panel(float* scores, int key_count, int vectors, Scale scale, PanelState panel) {
    if (vectors == micro_vectors) return softmax_panel<micro_vectors>(scores, key_count, scale, panel);
    for (int c = 0; c < vectors; ++c)
        softmax_panel<1>(scores + c * lanes, key_count, scale,
                         {panel.out + c * lanes, panel.row_max + c * lanes, panel.row_sum + c * lanes, panel.head_dim});
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
