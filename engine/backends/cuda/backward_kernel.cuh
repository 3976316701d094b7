#pragma once
// Backward of one pass of a plan: FlashAttention-2 (arXiv 2307.08691, algorithm 2) over lists of strided key runs, with
// queries outside and keys inside, as plans list them. A block of Rows/16 warps keeps the queries, douts and dq of up
// to `Rows` rows; keys and values pass by `Keys` at a time, and what they receive is added to dk and dv in global
// memory.
//
//   S = Q Kᵀ, dP = dO Vᵀ          each warp: 32 rows × half of the keys; P = exp2(S − LSE), dS = P ∘ (dP − Δ)
//   dQ += dS K                    in registers; dS through shared memory, each warp 32 rows × half of the columns
//   dV += Pᵀ dO, dK += dSᵀ Q      through shared memory: each warp 32 keys × a share of the columns
//
//   floor per Rows × Keys block   10·Rows·Keys·D FLOP; 2·Keys·D sums of 4 bytes into L2. At D = 128, Rows = 128 these
//                                 are 64 KB for 10.5 MFLOP.
//   shared memory read            at D = 128 76 KB a warp; with 16 rows, or keys, a warp it would be 96
//
// Values of the next block arrive while dQ is formed, its keys while dV and dK are.
//
// Measured on an H100 (SXM, 1.98 GHz): bf16 dense, D = 128, 8k: 202 TFLOP/s, 27 % of what cuBLAS reaches there (170
// with 16 rows, and keys, a warp and four barriers a block). A multiprocessor sends sums at about one sector of 32
// bytes a clock, some 2500 clocks of the 12500 that a block takes, in which the sums' warps wait. Tried and left, at D
// = 128: sums through shared memory by cp.reduce.async.bulk. It accepts no more than 32 bytes a clock either: issued by
// all warps at once 0.99 ×, spread over the next block's products 0.91 ×, by a warp of its own 0.95 × (a ninth warp
// leaves the others 168 registers).
#include "engine/backends/cuda/attention_kernels.h"
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/kernel_shape.h"
#include "engine/backends/cuda/online_softmax.cuh"
#include "engine/backends/cuda/tile_products.cuh"

namespace dilascope::KERNEL_NAMESPACE {

using namespace simt;

template <class Element, int HeadDim, int Rows, int Keys> struct BackwardKernel {
    using Operands = Fragments<Element>;
    using Shape = BackwardShape<Operands::bytes, HeadDim, Rows, Keys>;
    using RowTile = SharedTile<HeadDim, Operands::bytes>;
    using WeightTile = SharedTile<Keys, Operands::bytes>; // (Rows, Keys)
    // Each warp has 16·splits rows and its part of the keys, then of dq's columns; for dk and dv 16·splits keys.
    static constexpr int warps = Rows / 16, splits = Keys < 32 ? 1 : 2;
    static constexpr int split_keys = Keys / splits, split_columns = HeadDim / splits;
    static constexpr int key_groups = Keys / (16 * splits), column_shares = warps / key_groups;
    static constexpr int columns = HeadDim / column_shares; // of a warp's share of dk and dv
    static_assert(warps % splits == 0 && warps % key_groups == 0 && columns % 16 == 0);
    static constexpr int columns_most = HeadDim * Operands::bytes < 1024 ? 64 : 32; // as many sums as fit beside dq
    static constexpr int columns_at_once = columns < columns_most ? columns : columns_most;
    using Scores = float[splits][split_keys / 8][4];
    using RowSums = float[splits][split_columns / 8][4];
    using KeySums = float[splits][columns_at_once / 8][4];

    const BackwardParams& params;
    ItemRows<Rows> rows;
    KeyTable<Keys> table;
    RowTile queries, douts, keys, values;
    WeightTile weights, dweights;
    float lse_log2[splits][2], delta[splits][2]; // of rows g and g + 8 of this warp's sixteens

    DEVICE BackwardKernel(const BackwardParams& p, std::byte* shared)
        : params(p), rows(shared + Shape::item_at), table(p.plan, shared + Shape::slots_at), queries{shared},
          douts{shared + Shape::douts_at}, keys{shared + Shape::keys_at}, values{shared + Shape::values_at},
          weights{shared + Shape::weights_at}, dweights{shared + Shape::dweights_at} {}

    // One item: writes or adds to its rows of dq, adds to dk and dv (at the unit's place, if there is one).
    DEVICE void run(std::int64_t index, const LaunchUnit* unit) {
        rows.load(params.plan, index);
        table.restart();
        barrier(); // the item is there
        read_rows();
        table.fill(0, rows, params.shape);
        barrier();
        RowSums dq = {};
        const int blocks = (rows.key_count() + Keys - 1) / Keys;
        if (blocks > 0) {
            copy_item_rows<Rows, Shape::threads>(queries, params.q, rows, params.shape);
            copy_item_rows<Rows, Shape::threads>(douts, params.dout, rows, params.shape);
            copy(values, params.v, 0);
            copy(keys, params.k, 0);
        }
        for (int block = 0; block < blocks; ++block) {
            const bool is_last = block + 1 == blocks;
            copy_wait<0>();
            barrier(); // keys and values are here, and nobody reads the last weights
            table.fill(block + 1, rows, params.shape);
            Scores scores = {}, dscores = {};
            add_scores<Element>(scores, queries, first_row(0), keys, first_key());
            add_scores<Element>(dscores, douts, first_row(0), values, first_key());
            form_weights(scores, dscores, block);
            store_weights(weights, scores);
            if constexpr (Shape::has_two_weight_tiles) store_weights(dweights, dscores);
            barrier(); // the weights and the next slots are there, and nobody reads the values
            if (!is_last) copy(values, params.v, block + 1);
            if constexpr (!Shape::has_two_weight_tiles) {
                add_key_sums(weights, douts, params.dv, params.dropout.keep_scale, block, unit);
                barrier(); // nobody reads the weights
                store_weights(dweights, dscores);
                barrier(); // their gradients are there
            }
            add_products<Element, Stored::plain, Keys>(dq, dweights, first_row(0), keys, first_column()); // dQ += dS K
            barrier(); // nobody reads the keys
            if (!is_last) copy(keys, params.k, block + 1);
            if constexpr (Shape::has_two_weight_tiles)
                add_key_sums(weights, douts, params.dv, params.dropout.keep_scale, block, unit);
            add_key_sums(dweights, queries, params.dk, params.scale, block, unit);
        }
        store(dq);
        barrier(); // the next item may overwrite all
    }

private:
    static DEVICE int first_row(int atom) { return (warp() / splits * splits + atom) * 16; }
    static DEVICE int first_key() { return warp() % splits * split_keys; }
    static DEVICE int first_column() { return warp() % splits * split_columns; } // of dq

    // What this lane needs of its rows. A row that saw no key gets LSE = +∞, which makes its weights 0.
    DEVICE void read_rows() {
#pragma unroll
        for (int atom = 0; atom < splits; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = first_row(atom) + half * 8 + lane() / 4;
                lse_log2[atom][half] = -minus_infinity, delta[atom][half] = 0;
                if (row >= rows.count()) continue;
                const std::int64_t at = params.shape.lse_row(rows.batch(), rows.positions[row], rows.head());
                if (params.lse[at] != minus_infinity) lse_log2[atom][half] = params.lse[at] * log2_e;
                delta[atom][half] = params.delta[at];
            }
    }
    DEVICE void copy(const RowTile& to, const void* from, int block) const {
        copy_block<Keys, Shape::threads>(to, from, table, block, params.shape);
    }

    // Scores become weights P (dropped, without their keep scale), dscores become dS (without the scale of scores):
    // with m the 0 or keep scale of a pair, dS = P ∘ (m ∘ dP − Δ).
    DEVICE void form_weights(Scores& scores, Scores& dscores, int block) const {
#pragma unroll
        for (int atom = 0; atom < splits; ++atom)
#pragma unroll
            for (int n = 0; n < split_keys / 8; ++n)
#pragma unroll
                for (int index = 0; index < 4; ++index)
                    scores[atom][n][index] =
                        exp2_approx(fmaf(scores[atom][n][index], params.scale_log2, -lse_log2[atom][index / 2]));
        if ((block + 1) * Keys > rows.full_key_count())
            mask_scores(scores, table, block, first_row(0), first_key(), 0.0f);
#pragma unroll
        for (int atom = 0; atom < splits; ++atom) {
            std::uint32_t kept = ~0u;
            if (params.dropout.threshold != 0) {
                kept = kept_weights<split_keys / 8>(table, block, rows, params.dropout, params.shape.heads,
                                                    first_row(atom), first_key());
                drop_weights(dscores[atom], kept);
            }
#pragma unroll
            for (int n = 0; n < split_keys / 8; ++n)
#pragma unroll
                for (int index = 0; index < 4; ++index)
                    dscores[atom][n][index] =
                        scores[atom][n][index] *
                        fmaf(dscores[atom][n][index], params.dropout.keep_scale, -delta[atom][index / 2]);
            if (params.dropout.threshold != 0) drop_weights(scores[atom], kept);
        }
    }
    DEVICE void store_weights(const WeightTile& to, const Scores& from) const {
#pragma unroll
        for (int atom = 0; atom < splits; ++atom)
#pragma unroll
            for (int n = 0; n < split_keys / 8; ++n)
#pragma unroll
                for (int half = 0; half < 2; ++half)
                    Operands::store_pair(
                        to.at(first_row(atom) + half * 8 + lane() / 4, first_key() + n * 8 + lane() % 4 * 2),
                        from[atom][n][2 * half], from[atom][n][2 * half + 1]);
    }

    // to += scale · leftᵀ · from, for this warp's keys and its share of the columns.
    DEVICE void add_key_sums(const WeightTile& left, const RowTile& from, float* to, float scale, int block,
                             const LaunchUnit* unit) const {
        const int first_key = warp() % key_groups * splits * 16;
#pragma unroll 1
        for (int column = 0; column < columns; column += columns_at_once) {
            const int first_column = warp() / key_groups * columns + column;
            KeySums sums = {};
            add_products<Element, Stored::transposed, Rows>(sums, left, first_key, from, first_column);
#pragma unroll
            for (int atom = 0; atom < splits; ++atom)
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    const std::int64_t at = gradient_offset(block, first_key + atom * 16 + half * 8 + lane() / 4, unit);
                    if (at >= 0) add_row(to + at, sums[atom], half, scale, first_column + lane() % 4 * 2);
                }
        }
    }
    // Adds this lane's columns of a row of sums, from `column` on by eights.
    DEVICE void add_row(float* to, const float (&from)[columns_at_once / 8][4], int half, float scale,
                        int column) const {
        const int head_dim = params.shape.head_dim;
        float* first = to + column;
        if (head_dim == HeadDim) { // no tests; and rows start at multiples of 8 bytes
#pragma unroll
            for (int n = 0; n < columns_at_once / 8; ++n)
                add_global2(first + n * 8, from[n][2 * half] * scale, from[n][2 * half + 1] * scale);
            return;
        }
#pragma unroll
        for (int n = 0; n < columns_at_once / 8; ++n)
#pragma unroll
            for (int index = 0; index < 2; ++index)
                if (column + n * 8 + index < head_dim)
                    add_global(first + n * 8 + index, from[n][2 * half + index] * scale);
    }
    // Where the gradient of a key of the block starts in dk and dv; −1 where there is no key.
    DEVICE std::int64_t gradient_offset(int block, int key, const LaunchUnit* unit) const {
        const std::int64_t at = table.offset(block, key);
        if (at < 0 || !unit) return at;
        const std::int64_t place = at / (std::int64_t(params.shape.kv_heads) * params.shape.head_dim) -
                                   rows.batch() * params.shape.kv_len; // of the key within its batch element
        return unit->gradients_at + (place - unit->first_key) * params.shape.head_dim;
    }

    DEVICE void store(const RowSums& dq) const {
#pragma unroll
        for (int atom = 0; atom < splits; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = first_row(atom) + half * 8 + lane() / 4;
                if (row >= rows.count()) continue;
                float* to = params.dq + params.shape.query_row(rows.batch(), rows.positions[row], rows.head());
#pragma unroll
                for (int n = 0; n < split_columns / 8; ++n)
#pragma unroll
                    for (int index = 0; index < 2; ++index) {
                        const int d = first_column() + n * 8 + lane() % 4 * 2 + index;
                        if (d >= params.shape.head_dim) continue;
                        const float value = dq[atom][n][2 * half + index] * params.scale;
                        to[d] = params.adds_to_dq ? to[d] + value : value;
                    }
            }
    }
};

template <class Element, int HeadDim, int Rows, int Keys, int Blocks>
KERNEL LAUNCH_BOUNDS(Rows * 2, Blocks) void backward_kernel(const BackwardParams params) {
    BackwardKernel<Element, HeadDim, Rows, Keys> kernel(params, dynamic_shared());
    const LaunchUnit* unit = params.units ? params.units + block_index().x : nullptr;
    std::int64_t index = block_index().x, end = index + 1;
    if (unit) {
        const std::int64_t first = unit->batch * params.plan.item_count;
        index = first + unit->item_begin, end = first + unit->item_end;
    }
    for (; index < end; ++index) kernel.run(index, unit); // the only call: inlined twice it would be twice the code
}

// Of a line of attention_kernels.h.
#define BACKWARD_ENTRY(element, head_dim, rows, keys, blocks)                                                          \
    make_entry<backward_kernel<simt::elements::element, head_dim, rows, keys, blocks>, BackwardParams>(                \
        KERNEL_NAME("backward", element, head_dim, rows)),

} // namespace dilascope::KERNEL_NAMESPACE
