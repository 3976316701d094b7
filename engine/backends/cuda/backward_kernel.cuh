#pragma once
// Backward of one pass of a plan: FlashAttention-2 (arXiv 2307.08691, algorithm 2) over lists of strided key runs, with
// queries outside and keys inside, as plans list them. A block of Rows/16 warps keeps the queries, douts and dq of up
// to `Rows` rows; keys and values pass by `Keys` at a time, and what they receive is added to dk and dv in global
// memory.
//
//   S = Q Kᵀ, dP = dO Vᵀ          each warp: its 16 rows × Keys; P = exp2(S − LSE), dS = P ∘ (dP − Δ)
//   dV += Pᵀ dO, dK += dSᵀ Q      through shared memory: each warp 16 keys × a share of the columns
//   dQ += dS K                    in registers
//
//   floor per Rows × Keys block   10·Rows·Keys·D FLOP; 2·Keys·D sums of 4 bytes into L2. At D = 128, Rows = 128 these
//   are
//                                 64 KB for 10.5 MFLOP: predicted to bind before the tensor cores do on Hopper.
//   shared memory read            about 10·Keys·D·bytes a warp
//
// Values of the next block arrive while dV is formed, its keys while dK is. Nothing was measured yet.
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
    static constexpr int warps = Rows / 16, key_groups = Keys / 16, column_shares = warps / key_groups;
    static constexpr int columns = HeadDim / column_shares; // of a warp's share of dK and dV
    static_assert(warps % key_groups == 0 && columns % 16 == 0);
    using Scores = float[1][Keys / 8][4];
    using RowSums = float[1][HeadDim / 8][4];
    static constexpr int columns_at_once = columns < 64 ? columns : 64; // as many sums as fit beside dq
    using KeySums = float[columns_at_once / 8][4];
    using RowOperands = typename Operands::Left[1][Keys / Operands::depth];

    const BackwardParams& params;
    ItemRows<Rows> rows;
    KeyTable<Keys> table;
    RowTile queries, douts, keys, values;
    WeightTile weights;
    float lse_log2[2], delta[2]; // of rows g and g + 8 of this warp

    DEVICE BackwardKernel(const BackwardParams& p, std::byte* shared)
        : params(p), rows(shared + Shape::item_at),
          table(p.plan, shared + Shape::slots_at), queries{shared}, douts{shared + Shape::douts_at},
          keys{shared + Shape::keys_at}, values{shared + Shape::values_at}, weights{shared + Shape::weights_at} {}

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
            add_scores<Element>(scores, queries, first_row(), keys);
            add_scores<Element>(dscores, douts, first_row(), values);
            RowOperands operands;
            form_weights(scores, dscores, block);
            store_weights(scores);
            barrier(); // the weights are there, nobody reads the values, and the next slots are there
            if (!is_last) copy(values, params.v, block + 1);
            add_key_sums(douts, params.dv, params.dropout.keep_scale, block, unit);
            barrier(); // nobody reads the weights
            store_weights(dscores);
            round_weights<Element>(dscores, operands);
            add_weighted<Element>(dq, operands, keys); // dQ += dS K
            barrier();                                 // the weights' gradients are there, and nobody reads the keys
            if (!is_last) copy(keys, params.k, block + 1);
            add_key_sums(queries, params.dk, params.scale, block, unit);
        }
        store(dq);
        barrier(); // the next item may overwrite all
    }

private:
    static DEVICE int first_row() { return warp() * 16; }

    // What this lane needs of its two rows. A row that saw no key gets LSE = +∞, which makes its weights 0.
    DEVICE void read_rows() {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int row = first_row() + half * 8 + lane() / 4;
            lse_log2[half] = -minus_infinity, delta[half] = 0;
            if (row >= rows.count()) continue;
            const std::int64_t at = params.shape.lse_row(rows.batch(), rows.positions[row], rows.head());
            if (params.lse[at] != minus_infinity) lse_log2[half] = params.lse[at] * log2_e;
            delta[half] = params.delta[at];
        }
    }
    DEVICE void copy(const RowTile& to, const void* from, int block) const {
        copy_block<Keys, Shape::threads>(to, from, table, block, params.shape);
    }

    // Scores become weights P (dropped, without their keep scale), dscores become dS (without the scale of scores):
    // with m the 0 or keep scale of a pair, dS = P ∘ (m ∘ dP − Δ).
    DEVICE void form_weights(Scores& scores, Scores& dscores, int block) const {
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int index = 0; index < 4; ++index)
                scores[0][n][index] = exp2_approx(fmaf(scores[0][n][index], params.scale_log2, -lse_log2[index / 2]));
        if ((block + 1) * Keys > rows.full_key_count()) mask_scores(scores, table, block, first_row(), 0.0f);
        std::uint32_t kept = ~0u;
        if (params.dropout.threshold != 0) {
            kept = kept_weights<Keys / 8>(table, block, rows, params.dropout, params.shape.heads, first_row());
            drop_weights(dscores[0], kept);
        }
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int index = 0; index < 4; ++index)
                dscores[0][n][index] =
                    scores[0][n][index] * fmaf(dscores[0][n][index], params.dropout.keep_scale, -delta[index / 2]);
        if (params.dropout.threshold != 0) drop_weights(scores[0], kept);
    }
    DEVICE void store_weights(const Scores& from) const {
#pragma unroll
        for (int n = 0; n < Keys / 8; ++n)
#pragma unroll
            for (int half = 0; half < 2; ++half)
                Operands::store_pair(weights.at(first_row() + half * 8 + lane() / 4, n * 8 + lane() % 4 * 2),
                                     from[0][n][2 * half], from[0][n][2 * half + 1]);
    }

    // to += scale · weightsᵀ · from, for this warp's 16 keys and its share of the columns.
    DEVICE void add_key_sums(const RowTile& from, float* to, float scale, int block, const LaunchUnit* unit) const {
#pragma unroll 1
        for (int column = 0; column < columns; column += columns_at_once)
            add_key_columns(from, to, scale, block, unit, warp() / key_groups * columns + column);
    }
    DEVICE void add_key_columns(const RowTile& from, float* to, float scale, int block, const LaunchUnit* unit,
                                int first_column) const {
        const int first_key = warp() % key_groups * 16;
        const int lane = opaque_lane();
        KeySums sums = {};
#pragma unroll(Operands::unroll)
        for (int row = 0; row < Rows; row += Operands::depth) {
            typename Operands::Left left;
            Operands::load_left_transposed(left, weights, row, first_key, lane);
#pragma unroll
            for (int n = 0; n < columns_at_once; n += 16) {
                typename Operands::Right right;
                Operands::load_right_transposed(right, from, row, first_column + n, lane);
                Operands::multiply(sums[n / 8], sums[n / 8 + 1], left, right);
            }
        }
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const std::int64_t at = gradient_offset(block, first_key + half * 8 + lane / 4, unit);
            if (at < 0) continue;
            const int column = first_column + lane % 4 * 2, left_columns = params.shape.head_dim - column;
#pragma unroll
            for (int n = 0; n < columns_at_once / 8; ++n)
                add_pair(to + at + column + n * 8, left_columns - n * 8, sums[n][2 * half] * scale,
                         sums[n][2 * half + 1] * scale);
        }
    }
    // Where the gradient of a key of the block starts in dk and dv; −1 where there is no key.
    DEVICE std::int64_t gradient_offset(int block, int key, const LaunchUnit* unit) const {
        const std::int64_t at = table.offset(block, key);
        if (at < 0 || !unit) return at;
        const std::int64_t place = at / (std::int64_t(params.shape.kv_heads) * params.shape.head_dim) -
                                   rows.batch() * params.shape.kv_len; // of the key within its batch element
        return unit->gradients_at + (place - unit->first_key) * params.shape.head_dim;
    }
    static DEVICE void add_pair(float* to, int left, float first, float second) {
        if (left >= 2 && reinterpret_cast<std::uintptr_t>(to) % 8 == 0) {
            add_global2(to, first, second);
        } else {
            if (left >= 1) add_global(to, first);
            if (left >= 2) add_global(to + 1, second);
        }
    }

    DEVICE void store(const RowSums& dq) const {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            const int row = first_row() + half * 8 + lane() / 4;
            if (row >= rows.count()) continue;
            float* to = params.dq + params.shape.query_row(rows.batch(), rows.positions[row], rows.head());
#pragma unroll
            for (int n = 0; n < HeadDim / 8; ++n)
#pragma unroll
                for (int index = 0; index < 2; ++index) {
                    const int d = n * 8 + lane() % 4 * 2 + index;
                    if (d >= params.shape.head_dim) continue;
                    const float value = dq[0][n][2 * half + index] * params.scale;
                    to[d] = params.adds_to_dq ? to[d] + value : value;
                }
        }
    }
};

template <class Element, int HeadDim, int Rows, int Keys>
KERNEL LAUNCH_BOUNDS(Rows * 2, 1) void backward_kernel(const BackwardParams params) {
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
#define BACKWARD_ENTRY(element, head_dim, rows, keys)                                                                  \
    make_entry<backward_kernel<simt::elements::element, head_dim, rows, keys>, BackwardParams>(                        \
        KERNEL_NAME("backward", element, head_dim, rows)),

} // namespace dilascope::KERNEL_NAMESPACE
