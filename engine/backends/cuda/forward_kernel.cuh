#pragma once
// Forward of one pass of a plan: FlashAttention-2 (arXiv 2307.08691) over lists of strided key runs. One block of four
// warps computes up to `Rows` rows of one tile: their queries stay in shared memory, the keys and values of all
// branches pass through it `Keys` at a time, scores and outputs stay in registers.
//
//   floor per Rows × Keys block   4·Rows·Keys·D FLOP on the tensor cores
//   shared memory read            (4·Keys·D + Rows·D + …)·bytes: each warp reads all keys and values once for its
//                                 Rows/4 rows. With 32 rows a warp and D = 128: 144 KB, 1150 clocks at 128 B/clock;
//                                 the products take 1660, an HMMA every 6.5. With 16 rows both
//                                 change places, so 64-row tiles serve where tiles are small.
//   global memory                 q and out once; keys and values once a tile, mostly from L2
//
// While scores are computed the values are on their way, while values are summed the next keys are.
//
// Measured on an H100 (SXM, 1.98 GHz): bf16 dense, D = 128, 8k: 310 … 316 TFLOP/s, 41 % of what cuBLAS reaches there
// (250 before copies had no tests a row and outputs were rescaled at every block). The tensor cores are busy 48 % of
// the time: a scheduler has two warps, and what one leaves idle in its softmax (20 %) and at barriers (10 %) the other
// fills in part. D = 64 took a third block a multiprocessor: 222 → 264.
// Tried and left: a second stage of keys and values, with one barrier a block instead of two, spills 290 bytes.
#include "engine/backends/cuda/attention_kernels.h"
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/kernel_shape.h"
#include "engine/backends/cuda/online_softmax.cuh"
#include "engine/backends/cuda/tile_products.cuh"

namespace dilascope::KERNEL_NAMESPACE {

using namespace simt;

template <class Element, int HeadDim, int Rows, int Keys> struct ForwardKernel {
    using Operands = Fragments<Element>;
    using Shape = ForwardShape<Operands::bytes, HeadDim, Rows, Keys>;
    using RowTile = SharedTile<HeadDim, Operands::bytes>;
    static constexpr int atoms = Rows / 64; // of 16 rows, in each of the four warps
    using Scores = float[atoms][Keys / 8][4];
    using Weights = typename Operands::Left[atoms][Keys / Operands::depth];
    using Outputs = float[atoms][HeadDim / 8][4];

    const ForwardParams& params;
    ItemRows<Rows> rows;
    KeyTable<Keys> table;
    RowTile queries, keys, values;

    DEVICE ForwardKernel(const ForwardParams& p, std::byte* shared)
        : params(p), rows(shared + Shape::item_at), table(p.plan, shared + Shape::slots_at), queries{shared},
          keys{shared + Shape::keys_at}, values{shared + Shape::values_at} {
        rows.load(p.plan, block_index().x);
    }

    DEVICE void run() {
        Outputs outputs = {};
        OnlineSoftmax<atoms, Keys> softmax(params.scale_log2);
        barrier(); // the item is there
        const int blocks = (rows.key_count() + Keys - 1) / Keys, unmasked = rows.full_key_count() / Keys;
        table.fill(0, rows, params.shape);
        barrier();
        if (blocks > 0) {
            copy_item_rows<Rows, Shape::threads>(queries, params.q, rows, params.shape);
            copy(keys, params.k, 0);
        }
        for (int block = 0; block < blocks; ++block) {
            copy_wait<0>();
            barrier(); // the keys are here, and nobody reads the last values
            copy(values, params.v, block);
            table.fill(block + 1, rows, params.shape);
            Scores scores = {};
            add_scores<Element>(scores, queries, first_row(0), keys, 0);
            if (block >= unmasked) mask_scores(scores, table, block, first_row(0), 0, softmax.masked());
            softmax.add_block(scores, outputs);
            if (params.dropout.threshold != 0) drop(scores, block);
            Weights weights;
            round_weights<Element>(scores, weights);
            copy_wait<0>();
            barrier(); // the values are here, nobody reads the keys, and the next slots are there
            if (block + 1 < blocks) copy(keys, params.k, block + 1);
            add_weighted<Element>(outputs, weights, values);
        }
        store(softmax, outputs);
    }

private:
    static DEVICE int first_row(int atom) { return (warp() * atoms + atom) * 16; }

    // Dropped weights become 0; the kept ones are scaled with their row at the end.
    DEVICE void drop(Scores& weights, int block) const {
#pragma unroll
        for (int atom = 0; atom < atoms; ++atom)
            drop_weights(weights[atom], kept_weights<Keys / 8>(table, block, rows, params.dropout, params.shape.heads,
                                                               first_row(atom), 0));
    }
    DEVICE void copy(const RowTile& to, const void* from, int block) const {
        copy_block<Keys, Shape::threads>(to, from, table, block, params.shape);
    }

    // Each row of the item into the call's; no other item of the pass has it.
    DEVICE void store(const OnlineSoftmax<atoms, Keys>& softmax, const Outputs& outputs) const {
#pragma unroll
        for (int atom = 0; atom < atoms; ++atom)
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                const int row = first_row(atom) + half * 8 + lane() / 4;
                const bool is_row = row < rows.count();
                const std::int64_t position = is_row ? rows.positions[row] : 0;
                float* lse = params.lse + params.shape.lse_row(rows.batch(), position, rows.head());
                const SoftmaxRow pass = softmax.row(atom, half);
                const bool is_merged = params.merge.kind != MergeRule::replace;
                const RowMerge merge = merge_weights(params.merge, is_row && is_merged ? *lse : 0, pass.lse);
                warp_barrier(); // all lanes of the row have read it
                if (!is_row) continue;
                if (lane() % 4 == 0) *lse = merge.joint;
                store_row(params.out + params.shape.query_row(rows.batch(), position, rows.head()), outputs[atom], half,
                          merge.weight * pass.inverse_sum * params.dropout.keep_scale, is_merged ? merge.keep : 0);
            }
    }
    // This lane's columns of a row: 8n + 2t and 8n + 2t + 1.
    DEVICE void store_row(float* out, const float (&outputs)[HeadDim / 8][4], int half, float weight,
                          float keep) const {
        const int head_dim = params.shape.head_dim, column = lane() % 4 * 2;
#pragma unroll
        for (int n = 0; n < HeadDim / 8; ++n)
#pragma unroll
            for (int index = 0; index < 2; ++index) {
                const int d = n * 8 + column + index;
                if (d >= head_dim) continue;
                const float value = outputs[n][2 * half + index] * weight;
                out[d] = keep != 0 ? keep * out[d] + value : value;
            }
    }
};

// For how many blocks at once registers are saved: for sm_80 a third block of 128 rows would make the compiler spill.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 900
constexpr int blocks_at_once(int rows, int blocks) { return rows == 128 && blocks > 2 ? 2 : blocks; }
#else
constexpr int blocks_at_once(int, int blocks) { return blocks; }
#endif

template <class Element, int HeadDim, int Rows, int Keys, int Blocks>
KERNEL LAUNCH_BOUNDS(128, blocks_at_once(Rows, Blocks)) void forward_kernel(const ForwardParams params) {
    ForwardKernel<Element, HeadDim, Rows, Keys>(params, dynamic_shared()).run();
}

// Of a line of attention_kernels.h.
#define FORWARD_ENTRY(element, head_dim, rows, keys, blocks)                                                           \
    make_entry<forward_kernel<simt::elements::element, head_dim, rows, keys, blocks>, ForwardParams>(                  \
        KERNEL_NAME("forward", element, head_dim, rows)),

} // namespace dilascope::KERNEL_NAMESPACE
