// Tiles of so few rows that vectors of rows would be mostly empty: vectors run along D instead, and keys and values are
// read once, where they lie. A decoding call is then bound by memory.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_FEW_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_FEW_ROWS_INL_H
#undef DILASCOPE_FEW_ROWS_INL_H
#else
#define DILASCOPE_FEW_ROWS_INL_H
#endif
#include "engine/backends/cpu/dropout-inl.h"
#include "engine/backends/cpu/prefetcher-inl.h"
#include "engine/backends/cpu/products-inl.h"
#include "engine/infinity.h"
#include <algorithm>
#include <numbers>
#include <type_traits>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

constexpr int few_rows_max = std::min(lanes / 2, 4);

// scores (keys, panel_rows), R of each row's lanes: K times the rows of `queries` (R, step).
template <int R, class Element>
void score_rows(const Element* keys, const HeadTensors& head, const KeyBlock& block, const float* queries,
                std::int64_t step, float* scores, Prefetcher* prefetcher) {
    const FloatTag tag;
    FetchBeside fetch(prefetcher, block.count * micro_rows); // a step a key
    for (int key = 0; key < block.count; ++key, scores += panel_rows) {
        fetch.step();
        const Element* row = keys + block.places[std::size_t(key)] * head.key_step;
        FloatVec sums[R];
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sums[r] = hn::Zero(tag);
        for (std::int64_t d = 0; d < head.head_dim; d += lanes) {
            const FloatVec x = load_as_f32(row + d);
#pragma GCC unroll 8
            for (int r = 0; r < R; ++r) sums[r] = hn::MulAdd(x, hn::Load(tag, queries + r * step + d), sums[r]);
        }
        hn::Store(hn::Zero(tag), tag, scores); // the softmax takes a whole vector
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) scores[r] = hn::GetLane(hn::SumOfLanes(tag, sums[r]));
    }
}

// out (R, step) += PV for C vectors of D from `d` on.
template <int R, int C, class Element>
HWY_INLINE void add_columns(const Element* values, const HeadTensors& head, const KeyBlock& block, const float* weights,
                            std::int64_t d, std::int64_t step, float* out, FetchBeside<Prefetcher>& fetch,
                            int fetch_every) {
    const FloatTag tag;
    FloatVec sums[R][C];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sums[r][c] = hn::Load(tag, out + r * step + d + c * lanes);
    for (int key = 0; key < block.count; ++key, weights += panel_rows) {
        if (key % fetch_every == 0) fetch.step();
        const Element* row = values + block.places[std::size_t(key)] * head.key_step + d;
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) {
            const FloatVec x = load_as_f32(row + c * lanes);
#pragma GCC unroll 8
            for (int r = 0; r < R; ++r) sums[r][c] = hn::MulAdd(x, hn::Set(tag, weights[r]), sums[r][c]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) hn::Store(sums[r][c], tag, out + r * step + d + c * lanes);
}

template <int R, class Element>
void add_rows(const Element* values, const HeadTensors& head, const KeyBlock& block, const float* weights,
              std::int64_t step, float* out, Prefetcher* prefetcher) {
    constexpr int together = 8 / R;                          // so many sums hide the latency of adding
    FetchBeside fetch(prefetcher, block.count * micro_rows); // a step a key
    const auto passes = int((head.head_dim + together * lanes - 1) / (together * lanes)); // over the block's keys
    std::int64_t d = 0;
    for (; d + together * lanes <= head.head_dim; d += together * lanes)
        add_columns<R, together>(values, head, block, weights, d, step, out, fetch, passes);
    for (; d < head.head_dim; d += lanes) add_columns<R, 1>(values, head, block, weights, d, step, out, fetch, passes);
}

// The same of only what each row sees: 0 · ∞ is NaN.
template <class Element>
void add_seen_rows(const Element* values, const HeadTensors& head, const KeyBlock& block, const float* weights,
                   std::int64_t step, float* out) {
    const FloatTag tag;
    for (int key = 0; key < block.count; ++key, weights += panel_rows) {
        const Element* value = values + block.places[std::size_t(key)] * head.key_step;
        for (int row = block.row_begin[std::size_t(key)]; row < block.row_end[std::size_t(key)]; ++row)
            for (std::int64_t d = 0; d < head.head_dim; d += lanes) {
                float* sum = out + row * step + d;
                hn::Store(hn::MulAdd(load_as_f32(value + d), hn::Set(tag, weights[row]), hn::Load(tag, sum)), tag, sum);
            }
    }
}

inline bool sees_all(const KeyBlock& block, int rows) {
    for (auto key = std::size_t(0); block.is_banded && key < std::size_t(block.count); ++key)
        if (block.row_begin[key] > 0 || block.row_end[key] < rows) return false;
    return true;
}

// What attend() needs of a kernel. Rows of queries and of outputs stand (rows, dim_step).
struct FewRows {
    static void start(const HeadTile& tile, TileWorkspace& work, TileState& state) {
        load_rows(tile.head.q, tile.head.dtype, tile.rows, tile.head.head_dim, work.dim_step, state.queries);
        const auto scale = float(tile.head.scale * std::numbers::log2e);
        for (std::int64_t at = 0; at < tile.rows.count * work.dim_step; ++at) state.queries[at] *= scale;
        std::fill_n(state.out, tile.rows.count * work.dim_step, 0.0f);
        std::fill_n(state.row_max, lanes, minus_infinity);
        std::fill_n(state.row_sum, lanes, 0.0f);
    }

    static OperandRows rows_of(const HeadTensors&, const KeyBlock&, std::size_t, TileWorkspace&) { return {}; }

    static void attend_block(const HeadTile& tile, const KeyBlock& block, const OperandRows&, TileState& state,
                             TileWorkspace& work, Prefetcher* prefetcher) {
        with_elements(tile.head.k, tile.head.dtype, [&](const auto* keys) {
            const auto* values = static_cast<decltype(keys)>(tile.head.v);
            with_row_count(tile.rows.count, [&](auto rows) {
                constexpr int R = decltype(rows)::value;
                score_rows<R>(keys, tile.head, block, state.queries, work.dim_step, work.scores, prefetcher);
                weigh_block(tile, block, state, work);
                if (sees_all(block, R))
                    add_rows<R>(values, tile.head, block, work.scores, work.dim_step, state.out, prefetcher);
                else
                    add_seen_rows(values, tile.head, block, work.scores, work.dim_step, state.out);
            });
        });
    }

    static void finish(const HeadTile& tile, std::int64_t dim_step, TileState& state) {
        std::copy_n(state.out, tile.rows.count * dim_step, state.queries);
    }

private:
    template <class Visit> static HWY_INLINE void with_row_count(int count, Visit visit) {
        if (count == 1) visit(std::integral_constant<int, 1>());
        if (count == 2) visit(std::integral_constant<int, 2>());
        if (count == 3) visit(std::integral_constant<int, 3>());
        if (count == 4) visit(std::integral_constant<int, 4>());
    }

    // Scores to weights; outputs shrink where the maximum grew.
    static void weigh_block(const HeadTile& tile, const KeyBlock& block, TileState& state, TileWorkspace& work) {
        const FloatTag tag;
        if (block.is_banded) mask_scores(block, {0, block.count}, 0, 1, work.scores);
        const FloatVec before = hn::Load(tag, state.row_max);
        softmax_panel(work.scores, block.count, 1, Unscaled(), {nullptr, state.row_max, state.row_sum, 0});
        const FloatVec max = hn::Load(tag, state.row_max);
        HWY_ALIGN float shrink[lanes]; // 1 where both are −inf, whose difference is NaN
        const auto stays = hn::Eq(before, max);
        hn::Store(hn::IfThenElse(stays, hn::Set(tag, 1.0f), exp2_nonpositive(hn::Sub(before, max))), tag, shrink);
        for (int row = 0; row < tile.rows.count; ++row) {
            if (shrink[row] == 1) continue;
            float* out = state.out + row * work.dim_step;
            for (std::int64_t d = 0; d < tile.head.head_dim; d += lanes)
                hn::Store(hn::Mul(hn::Load(tag, out + d), hn::Set(tag, shrink[row])), tag, out + d);
        }
        if (!tile.head.dropout.is_off())
            drop(tile.head, block, {0, block.count}, tile.rows.positions.data(), tile.rows.count, work.scores,
                 panel_rows);
    }
};

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
