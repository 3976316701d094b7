// What the two products of a tile read and how: in f32 numbers, of any tensors, or in pairs of bf16 numbers.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_PRODUCTS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_PRODUCTS_INL_H
#undef DILASCOPE_PRODUCTS_INL_H
#else
#define DILASCOPE_PRODUCTS_INL_H
#endif
#include "engine/backends/cpu/pair_dot-inl.h"
#include "engine/backends/cpu/rows-inl.h"
#include "engine/backends/cpu/softmax-inl.h"
#include <numbers>
#include <numeric>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// Keys and values of a block, as the products read them.
struct OperandRows {
    Strided<const float> keys, values;
};

// Whether keys need no copy: they are the broadcast operand of a product, which needs neither alignment nor padding.
// Rows side by side never do. Others must lie an equal step apart and fill the sets of an L2 evenly, or they would
// evict each other before the next panel reads them again; and where several tiles share a copy, it costs less than
// rows that no hardware fetches ahead.
inline bool is_readable_in_place(const HeadTensors& head, const KeyBlock& block, std::size_t tiles) {
    constexpr std::int64_t sets = 1024, ways = 8, line = 64;
    const std::int64_t stride = block.count > 1 ? block.places[1] - block.places[0] : 1;
    for (auto key = std::size_t(1); key < std::size_t(block.count); ++key)
        if (block.places[key] - block.places[key - 1] != stride) return false;
    if (stride * head.key_step == head.head_dim) return true;
    if (tiles > 1) return false;
    const std::int64_t lines_apart = stride * head.key_step * std::int64_t(dtype_bytes(head.dtype)) / line;
    return stride > 0 && block.count * std::gcd(lines_apart, sets) < ways / 4 * sets;
}

// 0 · ∞ is NaN: where a value of a banded block is not finite, each row's product takes only those it sees. All ones
// where a row sees the key, for `lanes` rows from `row` of the tile on.
inline BitsVec seen_bits(const KeyBlock& block, int key, int row) {
    const BitsTag bits;
    if (key >= block.count) return hn::Zero(bits);
    const int begin = block.row_begin[std::size_t(key)], end = block.row_end[std::size_t(key)];
    return hn::BitCast(bits, hn::VecFromMask(FloatTag(), seen_lanes(row, begin, end)));
}

struct FloatProducts {
    using Operation = MultiplyAdd;
    static constexpr int keys_together = 1;                               // in a row of values and of weights
    static std::int64_t depth(std::int64_t head_dim) { return head_dim; } // steps of a score
    // The queries carry the scale.
    static Unscaled scores(const HeadTensors&) { return {}; }
    static void load_queries(const TileRows& rows, const HeadTensors& head, TileWorkspace& work, float* panels) {
        load_rows(head.q, head.dtype, rows, head.head_dim, work.dim_step, work.rows);
        transpose_to_panels(work.rows, rows.count, work.dim_step, head.head_dim,
                            Times{float(head.scale * std::numbers::log2e)}, panels);
    }
    static OperandRows rows_of(const HeadTensors& head, const KeyBlock& block, std::size_t tiles, TileWorkspace& work) {
        if (head.dtype == Dtype::f32 && is_readable_in_place(head, block, tiles)) {
            const std::int64_t first = block.places[0] * head.key_step;
            const std::int64_t step = block.count > 1 ? block.places[1] * head.key_step - first : head.key_step;
            return {{static_cast<const float*>(head.k) + first, step},
                    {static_cast<const float*>(head.v) + first, step}};
        }
        gather(head.k, head, block, work.dim_step, work.keys);
        gather(head.v, head, block, work.dim_step, work.values);
        return {{work.keys, work.dim_step}, {work.values, work.dim_step}};
    }
    static bool are_values_finite(const OperandRows& rows, int key_count, std::int64_t head_dim) {
        return all_finite(rows.values, key_count, head_dim);
    }
    static void finish_weights(float*, int, int) {}
    static BitsVec seen(const KeyBlock& block, int key, int row) { return seen_bits(block, key, row); }
};

// Scores are sums over pairs of D, outputs sums over pairs of keys. Tensors of bf16 and even D only.
struct PairProducts {
    using Operation = PairDot;
    static constexpr int keys_together = 2;
    static std::int64_t depth(std::int64_t head_dim) { return head_dim / 2; }
    // Queries stay as they are: times the scale they would have to be rounded.
    static Scaled scores(const HeadTensors& head) {
        return {hn::Set(FloatTag(), float(head.scale * std::numbers::log2e))};
    }
    static void load_queries(const TileRows& rows, const HeadTensors& head, TileWorkspace& work, float* panels) {
        const std::int64_t pairs = depth(head.head_dim);
        for (int row = 0; row < rows.count; ++row)
            load_row(pairs_at(head.q, rows.offsets[std::size_t(row)]), pairs, work.dim_step,
                     work.rows + row * work.dim_step);
        transpose_to_panels(work.rows, rows.count, work.dim_step, pairs, AsTheyAre(), panels);
    }
    static OperandRows rows_of(const HeadTensors& head, const KeyBlock& block, std::size_t tiles, TileWorkspace& work) {
        const auto place = [&](int key) { return block.places[std::size_t(key)] * head.key_step; };
        const auto* values = static_cast<const hwy::bfloat16_t*>(head.v);
        for (int key = 0; key < block.count; key += 2)
            pair_rows(values + place(key), key + 1 < block.count ? values + place(key + 1) : nullptr, head.head_dim,
                      work.values + key / 2 * work.dim_step);
        const Strided<const float> value_pairs{work.values, work.dim_step};
        if (is_readable_in_place(head, block, tiles)) {
            const std::int64_t step = block.count > 1 ? place(1) - place(0) : head.key_step;
            return {{pairs_at(head.k, place(0)), step / 2}, value_pairs};
        }
        const std::int64_t pairs = depth(head.head_dim), step = dense_row_step(pairs);
        for (int key = 0; key < block.count; ++key)
            load_row(pairs_at(head.k, place(key)), pairs, step, work.keys + key * step);
        return {{work.keys, step}, value_pairs};
    }
    static bool are_values_finite(const OperandRows& rows, int key_count, std::int64_t head_dim) {
        return all_pairs_finite(rows.values.data, (key_count + 1) / 2, head_dim, rows.values.step);
    }
    static void finish_weights(float* weights, int key_count, int vectors) {
        pair_weights(weights, key_count, vectors);
    }
    static BitsVec seen(const KeyBlock& block, int key, int row) {
        const BitsVec lower = hn::Set(BitsTag(), 0xffffu);
        return hn::Or(hn::And(seen_bits(block, key, row), lower), hn::AndNot(lower, seen_bits(block, key + 1, row)));
    }

private:
    static const float* pairs_at(const void* tensor, std::int64_t element) {
        return reinterpret_cast<const float*>(static_cast<const hwy::bfloat16_t*>(tensor) + element);
    }
};

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
