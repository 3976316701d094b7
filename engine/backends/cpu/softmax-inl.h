// Online softmax of a block of transposed scores, in log2 units: P = 2^(S − max), in place.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_SOFTMAX_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_SOFTMAX_INL_H
#undef DILASCOPE_SOFTMAX_INL_H
#else
#define DILASCOPE_SOFTMAX_INL_H
#endif
#include "engine/backends/cpu/micro_kernel-inl.h"
#include "engine/backends/cpu/tile_kernel.h"
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// 2^x for x ≤ 0, relative error below 2e-7; 0 below 2^−126, NaN stays NaN. x = n + f with |f| ≤ ½: adding 1.5·2²³
// rounds x to n and leaves n in the low mantissa bits, from where a shift puts it into the exponent of the polynomial
// 2^f.
HWY_INLINE FloatVec exp2_nonpositive(FloatVec x) {
    const FloatTag tag;
    const hn::RebindToSigned<FloatTag> bits;
    const FloatVec rounder = hn::Set(tag, 12582912.0f);
    const FloatVec rounded = hn::Add(x, rounder);
    const FloatVec f = hn::Sub(x, hn::Sub(rounded, rounder));
    // Minimax of the relative error on [−½, ½], degree 5, with 2^0 = 1 exactly: a maximum that stays must not rescale.
    FloatVec p = hn::Set(tag, 0.0013264739f);
    p = hn::MulAdd(p, f, hn::Set(tag, 0.00967151672f));
    p = hn::MulAdd(p, f, hn::Set(tag, 0.0555073358f));
    p = hn::MulAdd(p, f, hn::Set(tag, 0.240222424f));
    p = hn::MulAdd(p, f, hn::Set(tag, 0.693147004f));
    p = hn::MulAdd(p, f, hn::Set(tag, 1.0f));
    const auto scaled = hn::Add(hn::BitCast(bits, p), hn::ShiftLeft<23>(hn::BitCast(bits, rounded)));
    return hn::IfThenZeroElse(hn::Lt(x, hn::Set(tag, -126.0f)), hn::BitCast(tag, scaled));
}

// Scores of keys that a row does not see become −inf.
inline void mask_scores(const KeyBlock& block, int row_count, TileWorkspace& work) {
    const FloatTag tag;
    const FloatVec nothing = hn::Set(tag, -std::numeric_limits<float>::infinity());
    for (int key = 0; key < block.count; ++key) {
        const int begin = block.row_begin[std::size_t(key)], end = block.row_end[std::size_t(key)];
        float* scores = work.scores.data() + key * work.row_step;
        for (int row = 0; row < row_count; row += lanes) {
            if (begin <= row && row + lanes <= end) continue;
            const FloatVec index = hn::Iota(tag, float(row));
            const auto sees =
                hn::And(hn::Ge(index, hn::Set(tag, float(begin))), hn::Lt(index, hn::Set(tag, float(end))));
            hn::Store(hn::IfThenElse(sees, hn::Load(tag, scores + row), nothing), tag, scores + row);
        }
    }
}

// Rows whose maximum grew: what they summed so far shrinks to the new maximum.
inline void rescale_rows(const float* shrink, int row_begin, int row_end, std::int64_t dim_step, float* out_rows) {
    const FloatTag tag;
    for (int row = row_begin; row < row_end; ++row) {
        if (shrink[row - row_begin] == 1) continue;
        float* out = out_rows + row * dim_step;
        const FloatVec factor = hn::Set(tag, shrink[row - row_begin]);
        for (std::int64_t d = 0; d < dim_step; d += lanes)
            hn::Store(hn::Mul(hn::Load(tag, out + d), factor), tag, out + d);
    }
}

// C vectors of rows: new maximum, weights, their sum, and O rescaled only where the maximum grew.
template <int C> void softmax_rows(int key_count, int row, int row_count, TileState& tile, TileWorkspace& work) {
    const FloatTag tag;
    const std::int64_t step = work.row_step;
    float* scores = work.scores.data() + row;
    FloatVec max[C], sum[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) max[c] = hn::Load(tag, tile.row_max.data() + row + c * lanes);
    for (int key = 0; key < key_count; ++key)
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) max[c] = hn::Max(max[c], hn::Load(tag, scores + key * step + c * lanes));

    const FloatVec nothing = hn::Set(tag, -std::numeric_limits<float>::infinity());
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
        const FloatVec old_max = hn::Load(tag, tile.row_max.data() + row + c * lanes);
        hn::Store(max[c], tag, tile.row_max.data() + row + c * lanes);
        max[c] = hn::IfThenElse(hn::Eq(max[c], nothing), hn::Zero(tag), max[c]); // −inf − −inf would be NaN
        const FloatVec shrink = exp2_nonpositive(hn::Sub(old_max, max[c]));
        sum[c] = hn::Mul(hn::Load(tag, tile.row_sum.data() + row + c * lanes), shrink);
        const auto grew = hn::And(hn::Ne(shrink, hn::Set(tag, 1.0f)), hn::Ne(old_max, nothing));
        if (hn::AllFalse(tag, grew)) continue;
        HWY_ALIGN float factors[lanes];
        hn::Store(hn::IfThenElse(grew, shrink, hn::Set(tag, 1.0f)), tag, factors);
        const int first = row + c * lanes;
        rescale_rows(factors, first, HWY_MIN(first + lanes, row_count), work.dim_step, tile.out.data());
    }

    FloatVec block_sum[C]; // summed apart: long rows then lose no digits
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) block_sum[c] = hn::Zero(tag);
    for (int key = 0; key < key_count; ++key)
#pragma GCC unroll 4
        for (int c = 0; c < C; ++c) {
            float* score = scores + key * step + c * lanes;
            const FloatVec weight = exp2_nonpositive(hn::Sub(hn::Load(tag, score), max[c]));
            hn::Store(weight, tag, score);
            block_sum[c] = hn::Add(block_sum[c], weight);
        }
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) hn::Store(hn::Add(sum[c], block_sum[c]), tag, tile.row_sum.data() + row + c * lanes);
}

inline void softmax(int key_count, int row_count, TileState& tile, TileWorkspace& work) {
    int row = 0;
    for (; row + (micro_vectors - 1) * lanes < row_count; row += micro_vectors * lanes)
        softmax_rows<micro_vectors>(key_count, row, row_count, tile, work);
    for (; row < row_count; row += lanes) softmax_rows<1>(key_count, row, row_count, tile, work);
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
