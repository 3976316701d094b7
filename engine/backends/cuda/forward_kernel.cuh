#pragma once
// Forward of one pass of a plan: FlashAttention-2 (arXiv 2307.08691) over lists of strided key runs. One block of four
// warps computes up to `Rows` rows of one tile: their queries stay in shared memory, the keys and values of all branches
// pass through it `Keys` at a time, scores and outputs stay in registers.
//
//   floor per Rows × Keys block   4·Rows·Keys·D FLOP on the tensor cores
//   shared memory read            (4·Keys·D + Rows·D + …)·bytes: each warp reads all keys and values once for its
//                                 Rows/4 rows. With 32 rows a warp and D = 128: 144 KB, 1150 clocks at 128 B/clock;
//                                 the products take 1650 at the mma.sync rate of a Hopper SM. With 16 rows both
//                                 change places, so 64-row tiles serve where tiles are small.
//   global memory                 q and out once; keys and values once a tile, mostly from L2
//
// While scores are computed the values are on their way, while values are summed the next keys are. Nothing was measured
// yet: these are predictions.
#include "engine/backends/cuda/fragments.cuh"
#include "engine/backends/cuda/item_rows.cuh"
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/kernel_shape.h"
#include "engine/backends/cuda/online_softmax.cuh"

namespace dilascope {
DILASCOPE_KERNELS_BEGIN

using namespace simt;

template <class Element, int HeadDim, int Rows, int Keys> struct ForwardKernel {
    using Shape = ForwardShape<Fragments<Element>::bytes, HeadDim, Rows, Keys>;
    using Multiply = Fragments<Element>;
    using RowTile = SharedTile<HeadDim, Multiply::bytes>;
    static constexpr int atoms = Rows / 64; // of 16 rows, of each warp
    using Scores = float[atoms][Keys / 8][4];
    using Outputs = float[atoms][HeadDim / 8][4];

    const ForwardParams& params;
    ItemRows<Rows> rows;
    KeyTable<Keys> table;
    RowTile queries, keys, values;

    DEVICE explicit ForwardKernel(const ForwardParams& p, std::byte* shared)
        : params(p), rows(p.plan, block_index().x, shared + Shape::positions_at),
          table(rows, p.plan, shared + Shape::slots_at), queries{shared}, keys{shared + Shape::keys_at},
          values{shared + Shape::values_at} {}

    DEVICE const std::byte* query_address(int row) const {
        if (row >= rows.count) return nullptr;
        return static_cast<const std::byte*>(params.q) +
               params.shape.query_row(rows.batch, rows.positions[row], rows.head) * Multiply::bytes;
    }
    DEVICE void copy_block(const RowTile& to, const void* from, int block) const {
        copy_rows<Keys, Shape::threads>(to, params.shape.head_dim * Multiply::bytes, params.shape.copy_unit, [&](int key) {
            const std::int64_t place = table.place(block, key);
            return place < 0 ? nullptr
                             : static_cast<const std::byte*>(from) +
                                   params.shape.key_row(rows.batch, place, rows.head) * Multiply::bytes;
        });
        copy_commit();
    }

    DEVICE void multiply_queries(Scores& scores) const {
#pragma unroll
        for (int k = 0; k < HeadDim; k += Multiply::depth) {
            typename Multiply::Left left[atoms];
#pragma unroll
            for (int atom = 0; atom < atoms; ++atom) Multiply::load_left(left[atom], queries, first_row(atom), k);
#pragma unroll
            for (int n = 0; n < Keys; n += 16) {
                typename Multiply::Right right;
                Multiply::load_right(right, keys, n, k);
#pragma unroll
                for (int atom = 0; atom < atoms; ++atom)
                    Multiply::multiply(scores[atom][n / 8], scores[atom][n / 8 + 1], left[atom], right, params.is_tf32);
            }
        }
    }
    DEVICE void add_values(const Scores& weights, Outputs& outputs) const {
#pragma unroll
        for (int step = 0; step < Keys / Multiply::depth; ++step) {
            typename Multiply::Left left[atoms];
#pragma unroll
            for (int atom = 0; atom < atoms; ++atom) Multiply::from_accumulators(left[atom], weights[atom], step);
#pragma unroll
            for (int n = 0; n < HeadDim; n += 16) {
                typename Multiply::Right right;
                Multiply::load_right_transposed(right, values, step * Multiply::depth, n);
#pragma unroll
                for (int atom = 0; atom < atoms; ++atom)
                    Multiply::multiply(outputs[atom][n / 8], outputs[atom][n / 8 + 1], left[atom], right,
                                       params.is_tf32);
            }
        }
    }
    static DEVICE int first_row(int atom) { return (warp() * atoms + atom) * 16; }

    DEVICE void run() {
        Outputs outputs = {};
        OnlineSoftmax<atoms, Keys> softmax(params.scale_log2);
        const int blocks = (rows.tile.key_count + Keys - 1) / Keys;
        table.fill(0);
        barrier(); // positions were there before; slots of block 0 now are
        copy_rows<Rows, Shape::threads>(queries, params.shape.head_dim * Multiply::bytes, params.shape.copy_unit,
                                        [&](int row) { return query_address(row); });
        copy_block(keys, params.k, 0);
        for (int block = 0; block < blocks; ++block) {
            copy_wait<0>();
            barrier(); // the keys are here, and nobody reads the last values
            copy_block(values, params.v, block);
            table.fill(block + 1);
            Scores scores = {};
            multiply_queries(scores);
            if ((block + 1) * Keys > rows.tile.full_key_count) mask_scores(scores, table, block, warp());
            softmax.add_block(scores, outputs);
            if (params.dropout.threshold != 0) drop_weights(scores, table, block, rows, params, warp());
            copy_wait<0>();
            barrier(); // the values are here, nobody reads the keys, and the next slots are there
            if (block + 1 < blocks) copy_block(keys, params.k, block + 1);
            add_values(scores, outputs);
        }
        store(softmax, outputs);
    }

    // Rows of a warp's accumulators: lane 4g + t holds columns 8n + 2t and 8n + 2t + 1 of rows g and g + 8.
    DEVICE void store(const OnlineSoftmax<atoms, Keys>& softmax, const Outputs& outputs) const {
        const int column = lane() % 4 * 2, head_dim = params.shape.head_dim;
#pragma unroll
        for (int atom = 0; atom < atoms; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = first_row(atom) + half * 8 + lane() / 4;
                const SoftmaxRow pass = softmax.row(atom, half);
                if (row >= rows.count) continue;
                const RowMerge merge = merge_into(params, pass.lse, rows.batch, rows.positions[row], rows.head);
                const float weight = merge.weight * params.dropout.keep_scale * pass.inverse_sum;
                float* out = params.out + params.shape.query_row(rows.batch, rows.positions[row], rows.head) + column;
#pragma unroll
                for (int n = 0; n < HeadDim / 8; ++n)
                    store_output(out + n * 8, head_dim - n * 8 - column, outputs[atom][n][half * 2] * weight,
                                 outputs[atom][n][half * 2 + 1] * weight, merge.keep);
            }
    }
};

template <class Element, int HeadDim, int Rows, int Keys>
KERNEL LAUNCH_BOUNDS(128, 2) void forward_kernel(const ForwardParams params) {
    ForwardKernel<Element, HeadDim, Rows, Keys>(params, dynamic_shared()).run();
}

DILASCOPE_KERNELS_END
} // namespace dilascope
