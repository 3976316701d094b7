// The gradient kernel in every instruction set of target_set.h. This file is compiled once per set by foreach_target.h.
//
// Scores lie transposed as in the tile kernel, here for the whole tile: (keys, score_step). A panel of rows goes
// through S and dP, becomes P and dS while it is in L1, and feeds dQᵀ += Kᵀ dS at once; dV and dK sum over all rows of
// the tile afterwards, so that each micro-tile stays in registers for up to 128 multiply-adds. All five products are
// the one micro-kernel.
//
// Four tiles to a block of keys do not fit into L2 together, and yet are 1.01 … 1.05 times as fast as two, for dense
// calls and LongNet's table, D 64 and 128; two instead of one 1.02 times with D 256 (two Zen 3 cores, AVX2).
// P as 2^(S − M) of whole numbers M, with dO times 2^(M − LSE): 1.00 … 1.02 times as fast (not done).
#include "engine/backends/cpu/target_set.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/backends/cpu/gradient_kernel.cpp"
#include "hwy/foreach_target.h" // must come before highway.h
#include "hwy/highway.h"

#include "engine/backends/cpu/dropout-inl.h"
#include "engine/backends/cpu/gradient_kernel.h"
#include "engine/backends/cpu/prefetcher-inl.h"
#include "engine/backends/cpu/rows-inl.h"
#include "engine/backends/cpu/softmax-inl.h"
#include "engine/infinity.h"
#include <algorithm>
#include <cmath>
#include <numbers>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// One line more than the rows need: a power of two would put a column of many keys into few cache sets.
constexpr std::int64_t score_step = max_tile_rows + widest_lanes;
constexpr Fixed<score_step> score_row;

void start_gradient_tile(const TileRows& rows, std::span<const float> lse, const HeadTensors& head,
                         const HeadGradients& gradients, std::int64_t step, GradientTile& tile) {
    load_rows(head.q, head.dtype, rows, head.head_dim, step, tile.queries);
    load_rows(gradients.dout, Dtype::f32, rows, head.head_dim, step, tile.douts);
    load_rows(gradients.out, Dtype::f32, rows, head.head_dim, step, tile.dquery_panels); // only for Δ
    const FloatTag tag;
    std::fill_n(tile.lse, max_tile_rows, -minus_infinity);
    std::fill_n(tile.delta, max_tile_rows, 0.0f);
    for (int row = 0; row < rows.count; ++row) {
        if (lse[std::size_t(row)] == minus_infinity) continue; // sees no key: P = 0
        FloatVec sum = hn::Zero(tag);
        for (std::int64_t d = row * step; d < row * step + head.head_dim; d += lanes)
            sum = hn::MulAdd(hn::Load(tag, tile.douts + d), hn::Load(tag, tile.dquery_panels + d), sum);
        tile.delta[row] = hn::GetLane(hn::SumOfLanes(tag, sum));
        tile.lse[row] = float(double(lse[std::size_t(row)]) * std::numbers::log2e);
    }
    const float scale_log2 = float(head.scale * std::numbers::log2e);
    transpose_to_panels(tile.queries, rows.count, step, head.head_dim, Times{scale_log2}, tile.query_panels);
    transpose_to_panels(tile.douts, rows.count, step, head.head_dim, AsTheyAre(), tile.dout_panels);
    std::fill_n(tile.dquery_panels, panel_count(rows.count) * panel_step(head.head_dim), 0.0f);
    tile.is_finite = all_finite({tile.queries, step}, rows.count, head.head_dim) &&
                     all_finite({tile.douts, step}, rows.count, head.head_dim);
}

// A block's keys and what one panel of rows sees of them.
struct GradientPanel {
    const KeyBlock& block;
    const std::int64_t* positions; // of the panel's rows
    int row, row_count;            // the panel's rows within the tile
    KeySpan keys;
    int vectors() const { return (row_count + lanes - 1) / lanes; }
};

// S and dP of a few keys to P and dS. Differences of a little over 0 come from rounding.
template <int C> HWY_INLINE void weigh_gradients(float* weights, float* dscores, const float* lse, const float* delta) {
    const FloatTag tag;
    FloatVec x[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) x[c] = hn::Sub(hn::Load(tag, weights + c * lanes), hn::Load(tag, lse + c * lanes));
    exp2_nonpositive(x);
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
        const FloatVec difference = hn::Sub(hn::Load(tag, dscores + c * lanes), hn::Load(tag, delta + c * lanes));
        hn::Store(x[c], tag, weights + c * lanes);
        hn::Store(hn::Mul(x[c], difference), tag, dscores + c * lanes);
    }
}

// Rows that do not see a key have no weight of it and no gradient, whatever their numbers are.
void mask_gradients(const GradientPanel& panel, KeySpan keys, GradientWorkspace& work) {
    const FloatTag tag;
    for (int key = keys.begin; key < keys.end; ++key) {
        const int begin = panel.block.row_begin[std::size_t(key)], end = panel.block.row_end[std::size_t(key)];
        for (int row = panel.row; row < panel.row + panel.vectors() * lanes; row += lanes) {
            if (begin <= row && row + lanes <= end) continue;
            const auto sees = seen_lanes(row, begin, end);
            for (float* scores : {work.weights, work.dscores}) {
                float* score = scores + key * score_step + row;
                hn::Store(hn::IfThenElseZero(sees, hn::Load(tag, score)), tag, score);
            }
        }
    }
}

// Keys that a panel does not see at all have no weights in its rows.
void clear_unseen(const GradientPanel& panel, GradientWorkspace& work) {
    for (const KeySpan keys : {KeySpan{0, panel.keys.begin}, KeySpan{panel.keys.end, panel.block.count}})
        for (std::int64_t key = keys.begin; key < keys.end; ++key)
            for (float* scores : {work.weights, work.dscores})
                std::fill_n(scores + key * score_step + panel.row, panel_rows, 0.0f);
}

// What is called for beside the products of a block's last tile: the rows its gradients are added to, and the next
// block's rows.
struct GradientFetch {
    RowPrefetcher<2 * max_gradient_keys> sums, operands;
};

// P, dS and dQ of one panel.
void differentiate_panel(const GradientPanel& panel, const HeadTensors& head, GradientTile& tile,
                         GradientWorkspace& work, bool adds_dqueries, GradientFetch* fetch) {
    clear_unseen(panel, work);
    if (panel.keys.count() == 0) return;
    const std::int64_t offset = panel.row / panel_rows * panel_step(head.head_dim), step = work.dim_step;
    const std::int64_t first = panel.keys.begin * step, scores = panel.keys.begin * score_step + panel.row;
    const int keys = panel.keys.count(), vectors = panel.vectors();
    float *weights = work.weights + scores, *dscores = work.dscores + scores;
    FetchBeside fetch_sums(fetch ? &fetch->sums : nullptr, keys, 1);
    FetchBeside fetch_operands(fetch ? &fetch->operands : nullptr, keys, 1);
    multiply_rows<Left::row_major, Into::overwrite>(keys, vectors, Strided{work.keys + first, step},
                                                    Strided{tile.query_panels + offset, panel_row}, head.head_dim,
                                                    Strided{weights, score_row}, fetch_sums);
    multiply_rows<Left::row_major, Into::overwrite>(keys, vectors, Strided{work.values + first, step},
                                                    Strided{tile.dout_panels + offset, panel_row}, head.head_dim,
                                                    Strided{dscores, score_row}, fetch_operands);
    const auto drop_panel = [&](float* of) {
        if (!head.dropout.is_off())
            drop(head, panel.block, panel.keys, panel.positions, panel.row_count, of + panel.row, score_step);
    };
    drop_panel(work.dscores);
    const float *lse = tile.lse + panel.row, *delta = tile.delta + panel.row;
    for (int key = 0; key < keys; ++key) {
        float *key_weights = weights + key * score_step, *key_dscores = dscores + key * score_step;
        if (vectors == micro_vectors) {
            weigh_gradients<micro_vectors>(key_weights, key_dscores, lse, delta);
            continue;
        }
        for (int c = 0; c < vectors * lanes; c += lanes)
            weigh_gradients<1>(key_weights + c, key_dscores + c, lse + c, delta + c);
    }
    const KeySpan unmasked = panel.block.seen_by_all(panel.keys, panel.row, panel.row_count);
    mask_gradients(panel, {panel.keys.begin, unmasked.begin}, work);
    mask_gradients(panel, {unmasked.end, panel.keys.end}, work);
    drop_panel(work.weights);
    if (adds_dqueries)
        multiply_rows<Left::column_major, Into::add>(head.head_dim, vectors, Strided{work.keys + first, step},
                                                     Strided{dscores, score_row}, keys,
                                                     Strided{tile.dquery_panels + offset, panel_row});
}

// Keys [begin, end) and the rows that see any of them.
struct KeyRows {
    int key_begin, key_end, row_begin, row_end;
};

// dKV += Pᵀ·rows over the given keys and rows: `scores` (keys, score_step), `rows` (rows, dim_step).
void add_key_gradients(KeyRows part, std::int64_t head_dim, std::int64_t step, const float* scores, const float* rows,
                       float* dkeys) {
    const auto total = int((head_dim + lanes - 1) / lanes);
    const int groups = (total + micro_vectors - 1) / micro_vectors;
    for (int group = 0; group < groups; ++group) { // even shares: 5 vectors are 3 + 2, not 4 + 1
        const int begin = group * total / groups, end = (group + 1) * total / groups;
        multiply_rows<Left::row_major, Into::add>(
            part.key_end - part.key_begin, end - begin,
            Strided{scores + part.key_begin * score_step + part.row_begin, score_row},
            Strided{rows + part.row_begin * step + begin * lanes, step}, part.row_end - part.row_begin,
            Strided{dkeys + part.key_begin * step + begin * lanes, step});
    }
}

void add_key_gradients(const KeyBlock& block, int row_count, std::int64_t head_dim, const GradientTile& tile,
                       GradientWorkspace& work) {
    const auto add = [&](KeyRows part) {
        add_key_gradients(part, head_dim, work.dim_step, work.weights, tile.douts, work.dvalues);
        add_key_gradients(part, head_dim, work.dim_step, work.dscores, tile.queries, work.dkeys);
    };
    if (!block.is_banded) return add({0, block.count, 0, row_count});
    for (int key = 0; key < block.count; key += micro_rows) {
        KeyRows part{key, std::min(key + micro_rows, block.count), row_count, 0};
        for (auto index = std::size_t(key); index < std::size_t(part.key_end); ++index) {
            part.row_begin = std::min(part.row_begin, block.row_begin[index]);
            part.row_end = std::max(part.row_end, block.row_end[index]);
        }
        add(part);
    }
}

// The products of a banded block whose tensors are not all finite: 0 · ∞ is NaN, so only the pairs that see each other
// are multiplied, one by one.
void add_seen_gradients(const KeyBlock& block, std::int64_t head_dim, const GradientTile& tile,
                        GradientWorkspace& work) {
    for (int key = 0; key < block.count; ++key)
        for (int row = block.row_begin[std::size_t(key)]; row < block.row_end[std::size_t(key)]; ++row) {
            const float weight = work.weights[key * score_step + row], dscore = work.dscores[key * score_step + row];
            const std::int64_t at_key = key * work.dim_step, at_row = row * work.dim_step;
            float* dquery = tile.dquery_panels + row / panel_rows * panel_step(head_dim) + row % panel_rows;
            for (std::int64_t d = 0; d < head_dim; ++d) {
                work.dvalues[at_key + d] += weight * tile.douts[at_row + d];
                work.dkeys[at_key + d] += dscore * tile.queries[at_row + d];
                dquery[d * panel_rows] += dscore * work.keys[at_key + d];
            }
        }
}

void differentiate_block(const KeyBlock& block, const TileRows& rows, const HeadTensors& head, GradientTile& tile,
                         GradientWorkspace& work, GradientFetch* fetch) {
    bool is_finite = true;
    if (block.is_banded) {
        is_finite = tile.is_finite;
        for (const float* of_keys : {work.keys, work.values})
            is_finite = is_finite && all_finite({of_keys, work.dim_step}, block.count, head.head_dim);
    }
    for (int row = 0; row < rows.count; row += panel_rows) {
        const int count = std::min(panel_rows, rows.count - row);
        differentiate_panel({block, &rows.positions[std::size_t(row)], row, count, block.visible(row, count)}, head,
                            tile, work, is_finite, fetch);
    }
    if (is_finite)
        add_key_gradients(block, rows.count, head.head_dim, tile, work);
    else
        add_seen_gradients(block, head.head_dim, tile, work);
}

// Where the gradients of a block's keys are added to.
struct BlockSums {
    std::array<float*, max_gradient_keys> dk, dv;
};

BlockSums sums_of(const KeyBlock& block, const HeadGradients& gradients, std::int64_t head_dim) {
    BlockSums sums;
    for (std::size_t key = 0; key < std::size_t(block.count); ++key) {
        const std::int64_t place = block.places[key];
        const std::int64_t number = gradients.copy_number.empty() ? -1 : gradients.copy_number[std::size_t(place)];
        const std::int64_t offset =
            number < 0 ? place * gradients.key_step : (number - gradients.first_copy) * head_dim;
        sums.dk[key] = (number < 0 ? gradients.dk.in_place : gradients.dk.copies) + offset;
        sums.dv[key] = (number < 0 ? gradients.dv.in_place : gradients.dv.copies) + offset;
    }
    return sums;
}

// Adds the block's rows to those of the head.
void scatter(std::span<float* const> sums, std::int64_t head_dim, std::int64_t step, const float* from, float factor) {
    const FloatTag tag;
    const FloatVec scale = hn::Set(tag, factor);
    for (float* sum : sums) {
        std::int64_t d = 0;
        for (; d + lanes <= head_dim; d += lanes)
            hn::StoreU(hn::MulAdd(hn::Load(tag, from + d), scale, hn::LoadU(tag, sum + d)), tag, sum + d);
        for (; d < head_dim; ++d) sum[d] += factor * from[d];
        from += step;
    }
}

GradientFetch fetch_of(const KeyBlock& block, const BlockSums& sums, const HeadTensors& head, const KeyBlock& next,
                       int panels) {
    const auto element = std::int64_t(dtype_bytes(head.dtype)), single = std::int64_t(sizeof(float));
    GradientFetch fetch{{head.head_dim * single, panels}, {head.head_dim * element, panels}};
    for (std::size_t key = 0; key < std::size_t(block.count); ++key)
        fetch.sums.add(sums.dk[key]), fetch.sums.add(sums.dv[key]);
    for (std::size_t key = 0; key < std::size_t(next.count); ++key)
        for (const void* rows : {head.k, head.v})
            fetch.operands.add(static_cast<const char*>(rows) + next.places[key] * head.key_step * element);
    return fetch;
}

void finish_gradient_tile(const TileRows& rows, const HeadTensors& head, std::int64_t step, GradientTile& tile) {
    transpose_from_panels(tile.dquery_panels, rows.count, head.head_dim, step, tile.douts);
    const FloatTag tag;
    const FloatVec scale = hn::Set(tag, float(head.scale));
    for (std::int64_t at = 0; at < rows.count * step; at += lanes)
        hn::Store(hn::Mul(hn::Load(tag, tile.douts + at), scale), tag, tile.douts + at);
}

// Blocks of the shares one after the other.
void take_block(std::span<TileKeys>& shares, BlockOfTiles& to) {
    to.block.count = 0;
    while (!shares.empty() && !shares.front().feed.next(to.block, max_gradient_keys)) shares = shares.subspan(1);
    if (!shares.empty()) to.begin = shares.front().begin, to.end = shares.front().end;
}

void differentiate(std::span<const TileRows> tiles, std::span<const std::array<float, max_tile_rows>> lse,
                   const HeadTensors& head, const HeadGradients& gradients, std::span<TileKeys> shares,
                   const CancelFlag* cancel, GradientWorkspace& work) {
    for (std::size_t index = 0; index < tiles.size(); ++index)
        start_gradient_tile(tiles[index], lse[index], head, gradients, work.dim_step, work.tiles[index]);
    BlockOfTiles blocks[2];
    take_block(shares, blocks[0]);
    for (int current = 0; blocks[current].block.count > 0; current = 1 - current) {
        if (is_cancelled(cancel)) return;
        const auto [begin, end] = std::pair{blocks[current].begin, blocks[current].end};
        const KeyBlock &block = blocks[current].block, &next = blocks[1 - current].block;
        take_block(shares, blocks[1 - current]);
        const auto panels = int(panel_count(tiles[end - 1].count));
        const auto keys = std::size_t(block.count);
        const BlockSums sums = sums_of(block, gradients, head.head_dim);
        GradientFetch fetch = fetch_of(block, sums, head, next, panels);
        gather(head.k, head, block, work.dim_step, work.keys);
        gather(head.v, head, block, work.dim_step, work.values);
        std::fill_n(work.dkeys, block.count * work.dim_step, 0.0f);
        std::fill_n(work.dvalues, block.count * work.dim_step, 0.0f);
        for (std::size_t index = begin; index < end; ++index)
            differentiate_block(block, tiles[index], head, work.tiles[index], work, index + 1 < end ? nullptr : &fetch);
        scatter(std::span(sums.dk).first(keys), head.head_dim, work.dim_step, work.dkeys, float(head.scale));
        scatter(std::span(sums.dv).first(keys), head.head_dim, work.dim_step, work.dvalues, 1.0f);
    }
    for (std::size_t index = 0; index < tiles.size(); ++index)
        finish_gradient_tile(tiles[index], head, work.dim_step, work.tiles[index]);
}

GradientKernel make_gradient_kernel() {
    return {.target = hwy::TargetName(HWY_TARGET), .differentiate = differentiate};
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace dilascope {

HWY_EXPORT(make_gradient_kernel);

Result<GradientKernel> gradient_kernel() {
    constexpr std::size_t table_size = std::size(HWY_DISPATCH_TABLE(make_gradient_kernel));
    return HWY_DISPATCH_TABLE(make_gradient_kernel)[kernel_index(TRY(kernel_target()).sets, table_size)]();
}

int gradient_tiles_per_group(std::int64_t head_dim) { return head_dim <= 128 ? int(max_gradient_tiles) : 2; }

Result<GradientWorkspace> GradientWorkspace::allocate(std::int64_t head_dim) {
    GradientWorkspace work;
    work.dim_step = dense_row_step(head_dim);
    const std::int64_t rows = max_tile_rows * work.dim_step, keys = max_gradient_keys * work.dim_step;
    const std::int64_t scores = max_gradient_keys * (max_tile_rows + widest_lanes);
    const int tiles = gradient_tiles_per_group(head_dim);
    work.memory = TRY(Buffer<float>::allocate(4 * keys + 2 * scores + tiles * (5 * rows + 2 * max_tile_rows),
                                              "cpu/gradient_workspace"));
    float* next = work.memory.data();
    const auto take = [&](std::int64_t count) { return std::exchange(next, next + count); };
    work.keys = take(keys), work.values = take(keys), work.dkeys = take(keys), work.dvalues = take(keys);
    work.weights = take(scores), work.dscores = take(scores);
    for (int index = 0; index < tiles; ++index)
        work.tiles.push_back(
            {take(rows), take(rows), take(rows), take(rows), take(rows), take(max_tile_rows), take(max_tile_rows)});
    return work;
}

} // namespace dilascope
#endif
