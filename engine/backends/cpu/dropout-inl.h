// Dropout of a panel's weights by the Philox counter of engine/dropout.h, a vector of rows at a time.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_DROPOUT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_DROPOUT_INL_H
#undef DILASCOPE_DROPOUT_INL_H
#else
#define DILASCOPE_DROPOUT_INL_H
#endif
#include "engine/backends/cpu/micro_kernel-inl.h"
#include "engine/backends/cpu/tile.h"

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// The 64-bit products of 32-bit lanes with a constant, as their high and low halves.
HWY_INLINE void multiply_wide(BitsVec a, std::uint32_t constant, BitsVec& high, BitsVec& low) {
    const BitsTag tag;
#if HWY_TARGET == HWY_SCALAR
    const std::uint64_t product = std::uint64_t(hn::GetLane(a)) * constant;
    high = hn::Set(tag, std::uint32_t(product >> 32)), low = hn::Set(tag, std::uint32_t(product));
#else
    const hn::RepartitionToWide<BitsTag> wide;
    const BitsVec factor = hn::Set(tag, constant);
    const auto even = hn::MulEven(a, factor);
    const auto odd = hn::MulEven(hn::BitCast(tag, hn::ShiftRight<32>(hn::BitCast(wide, a))), factor);
    const auto low_half = hn::Set(wide, 0xffffffffu);
    high = hn::BitCast(tag, hn::Or(hn::ShiftRight<32>(even), hn::AndNot(low_half, odd)));
    low = hn::BitCast(tag, hn::Or(hn::And(even, low_half), hn::ShiftLeft<32>(odd)));
#endif
}

// philox4x32() of a vector of counters, in place.
HWY_INLINE void philox4x32(BitsVec (&counter)[4], std::uint64_t seed) {
    const BitsTag tag;
    auto key0 = std::uint32_t(seed), key1 = std::uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        BitsVec high0, low0, high1, low1;
        multiply_wide(counter[0], 0xD2511F53u, high0, low0);
        multiply_wide(counter[2], 0xCD9E8D57u, high1, low1);
        counter[0] = hn::Xor(hn::Xor(high1, counter[1]), hn::Set(tag, key0));
        counter[1] = low1;
        counter[2] = hn::Xor(hn::Xor(high0, counter[3]), hn::Set(tag, key1));
        counter[3] = low0;
        key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
    }
}

// Multiplies weights (keys, step) of a panel's rows by keep_scale() or 0. Places of the block's keys are their tokens.
inline void drop(const HeadTensors& head, const KeyBlock& block, KeySpan keys, const std::int64_t* positions,
                 int row_count, float* weights, std::int64_t step) {
    const BitsTag tag;
    const FloatTag float_tag;
    const BitsVec threshold = hn::Set(tag, head.dropout.threshold()), low_half = hn::Set(tag, 0xffffu);
    const FloatVec keep_scale = hn::Set(float_tag, head.dropout.keep_scale());
    for (int row = 0; row < row_count; row += lanes) {
        HWY_ALIGN std::uint32_t query_low[lanes] = {}, query_high[lanes] = {};
        for (int lane = 0; lane < lanes && row + lane < row_count; ++lane) {
            const PhiloxWords counter = dropout_counter(0, positions[row + lane], 0);
            query_low[lane] = counter[1], query_high[lane] = counter[2];
        }
        std::int64_t group = -1;
        BitsVec words[4];
        for (int key = keys.begin; key < keys.end; ++key) {
            const std::int64_t token = block.places[std::size_t(key)];
            if (token >> 3 != group) {
                group = token >> 3;
                const PhiloxWords counter = dropout_counter(head.dropout_row, 0, group);
                words[0] = hn::Set(tag, counter[0]), words[1] = hn::Load(tag, query_low);
                words[2] = hn::Or(hn::Load(tag, query_high), hn::Set(tag, counter[2]));
                words[3] = hn::Set(tag, counter[3]);
                philox4x32(words, head.dropout.seed);
            }
            const BitsVec word = words[token >> 1 & 3];
            const BitsVec bits = token & 1 ? hn::ShiftRight<16>(word) : hn::And(word, low_half);
            const auto is_dropped = hn::RebindMask(float_tag, hn::Lt(bits, threshold));
            float* weight = weights + key * step + row;
            hn::Store(hn::IfThenZeroElse(is_dropped, hn::Mul(hn::Load(float_tag, weight), keep_scale)), float_tag,
                      weight);
        }
    }
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
