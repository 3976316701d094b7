// The tile kernel in every instruction set of target_set.h. This file is compiled once per set by foreach_target.h.
//
// A tile is worked on in panels of as many rows as the micro-kernel is wide. Scores are kept transposed, Sᵀ (keys,
// rows): K is the broadcast operand and needs no transposing, only the tile's own queries do, once; the softmax runs
// down columns with no sum across lanes; and P is the right operand of Oᵀ += VᵀP, whose broadcast operand V lies as it
// came. Both products are the same micro-kernel, and a panel's queries, scores and outputs stay in L1 (4 + 12 + 4 KB
// with AVX2 and D = 64) while the block's keys and values stream from L2. These are read where they lie if
// their rows lie side by side, or if one tile reads them and they spread over the sets of L2. Others (16-bit ones, rows
// of several heads or a dilation apart) are copied into dense rows first, an odd number of cache lines apart, so that a
// column of them uses all sets.
//
// Tiles of at most four rows go another way (few_rows-inl.h): a query of 64k keys 1.2 … 2.0 times as fast, with one to
// four rows, f32 and 16-bit (Zen 3, alternating runs; fetching a row a key, not six a micro-tile, is 1.05 … 1.2 of it).
//
// Measured on two Zen 3 cores of a noisy machine (AVX2, D = 64, one thread, of the multiply-add peak of the same run):
// the micro-kernels run at 96 … 98 %, the softmax takes 8 % of the time, copying keys and values 4 % with four tiles to
// a block, prefetching 3 %. What was tried:
// - Blocks of 96, 120 and 144 keys with D = 64: no difference; where neighbours share the cores 0.94 … 0.97.
// - Blocks of 96 keys and 3 tiles with D = 128: 82 … 85 % (kept), of 192 keys and 2 tiles 77 … 83 %.
// - One tile to a block instead of four: 69 against 76 %. Causal tiles together for the blocks that they begin with:
//   four heads of 64 1.05, of bf16 1.03 … 1.06 times as fast, D 128 as before (kept). Copies that stay for a thread's
//   next job instead: half of that.
// - Rows read where they lie instead of copied: causal 72 against 55 … 68 % (kept). Only if they fill less than a
//   quarter of L2's ways, for they crowd L1 too: four heads of 128 1.10, 16 heads 1.03 … 1.07, their blocks of 64 keys
//   1.17 times as fast, blocks of four heads 0.97 (kept). Several tiles at rows that do not lie side by side: copies
//   are 1.02 … 1.05 times as fast, rates 3 and 15, LongNet's table (kept); one tile at them: 0.93 … 0.97.
// - Blocks that end with their run, so that runs of 32 … 192 keys are read where they lie too: random blocks of 64
//   keys at 10, 25 and 50 % 1.03, 1.04 and 1.05 times as fast, of 32 keys 1.07 times; windows and LongNet's table as
//   before (kept). For gradients, which copy every key, LongNet's table 0.96 times as fast (not done).
// - The same of runs that a band cuts, masks only where a panel straddles a band, four sums to look for values that are
//   not finite: windows 1.08 … 1.11, causal LongNet 1.03 times as fast (kept). A window's three parts as one run: no
//   faster.
// - Fetching rows twelve ahead of the copied one: short windows 1.06 times as fast, dense gradients 1.03 (kept).
// - A first block of a quarter, for nothing fetches it ahead: blocks of 64 at 10 % 55 … 58 against 47 … 53 % (kept; a
//   third since, which leaves runs of 64 keys whole).
// - Copying the next block between micro-tiles instead of prefetching it: no gain; a step after its rows were called
//   for, into a second buffer: 0.95 … 1.03.
// - Prefetching the copies' destinations for writing: slower.
// - Prefetching during all tiles of a group instead of the last: 76.5 against 78.5 %, the lines are gone again.
// - Where neighbours share the cores (the peak of multiply-adds alone does not tell), issue slots seem short: products
//   unrolled by eight with steps known to the compiler, 25 to 21.5 instructions a step, 1.08 … 1.11 times as fast there
//   and 1.01 … 1.02 alone; unrolled by four 1.04 … 1.09. Whole numbers as offsets of exp2, 19 to 16 instructions a
//   vector: 1.02 … 1.03 more (both kept).
// - exp2 of one vector after the other: 17 % more softmax time; of six or eight at once: spills, twice the time.
#include "engine/backends/cpu/target_set.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/backends/cpu/tile_kernel.cpp"
#include "hwy/foreach_target.h" // must come before highway.h
#include "hwy/highway.h"

#include "engine/backends/cpu/dropout-inl.h"
#include "engine/backends/cpu/few_rows-inl.h"
#include "engine/backends/cpu/prefetcher-inl.h"
#include "engine/backends/cpu/products-inl.h"
#include "engine/infinity.h"
#include <algorithm>
#include <cmath>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

template <class Products> void start_panels(const HeadTile& tile, TileWorkspace& work, TileState& state) {
    Products::load_queries(tile.rows, tile.head, work, state.queries);
    std::fill_n(state.out, panel_count(tile.rows.count) * panel_step(tile.head.head_dim), 0.0f);
    const std::int64_t rows = panel_count(tile.rows.count) * panel_rows;
    std::fill_n(state.row_max, rows, minus_infinity);
    std::fill_n(state.row_sum, rows, 0.0f);
}

// A block's keys and what one panel of rows sees of them.
struct PanelBlock {
    const KeyBlock& block;
    const OperandRows& rows;
    bool is_finite;                // its values; only asked of banded blocks
    int row, row_count;            // the panel's rows within the tile
    const std::int64_t* positions; // of these rows
    KeySpan keys;
    int vectors() const { return (row_count + lanes - 1) / lanes; }
};

// Sᵀ = K Qᵀ.
template <class Products>
void compute_scores(const PanelBlock& panel, std::int64_t head_dim, const float* queries, TileWorkspace& work,
                    Prefetcher* prefetcher) {
    FetchBeside fetch(prefetcher, panel.keys.count());
    multiply_rows<Left::row_major, Into::overwrite, typename Products::Operation>(
        panel.keys.count(), panel.vectors(),
        Strided{panel.rows.keys.data + panel.keys.begin * panel.rows.keys.step, panel.rows.keys.step},
        Strided{queries, panel_row}, Products::depth(head_dim),
        Strided{work.scores + panel.keys.begin * panel_rows, panel_row}, fetch);
}

// Oᵀ += VᵀP. A row of values and of weights holds one key or several.
template <class Products>
void add_values(const PanelBlock& panel, std::int64_t head_dim, const float* weights, float* out,
                Prefetcher* prefetcher) {
    FetchBeside fetch(prefetcher, head_dim);
    constexpr int together = Products::keys_together;
    const float* values = panel.rows.values.data + panel.keys.begin / together * panel.rows.values.step;
    multiply_rows<Left::column_major, Into::add, typename Products::Operation>(
        head_dim, panel.vectors(), Strided{values, panel.rows.values.step}, Strided{weights, panel_row},
        (panel.keys.count() + together - 1) / together, Strided{out, panel_row}, fetch);
}

// The same of only what each row sees.
template <class Products>
void add_seen_values(const PanelBlock& panel, std::int64_t head_dim, const float* weights, float* out) {
    using Operation = typename Products::Operation;
    const FloatTag tag;
    const BitsTag bits;
    constexpr int together = Products::keys_together;
    for (int key = panel.keys.begin; key < panel.keys.end; key += together, weights += panel_rows) {
        const float* values = panel.rows.values.data + key / together * panel.rows.values.step;
        for (int lane = 0; lane < panel.vectors() * lanes; lane += lanes) {
            const auto seen = Products::seen(panel.block, key, panel.row + lane);
            for (std::int64_t d = 0; d < head_dim; ++d) {
                const auto value = hn::And(hn::BitCast(bits, Operation::spread(values + d)), seen);
                float* sum = out + d * panel_rows + lane;
                hn::Store(Operation::add(hn::BitCast(tag, value), hn::Load(tag, weights + lane), hn::Load(tag, sum)),
                          tag, sum);
            }
        }
    }
}

template <class Products>
void accumulate(const PanelBlock& panel, const HeadTensors& head, TileState& tile, TileWorkspace& work,
                Prefetcher* prefetcher) {
    if (panel.keys.count() == 0) return;
    const std::int64_t head_dim = head.head_dim, index = panel.row / panel_rows;
    const float* queries = tile.queries + index * panel_step(Products::depth(head_dim));
    float *out = tile.out + index * panel_step(head_dim), *scores = work.scores + panel.keys.begin * panel_rows;
    compute_scores<Products>(panel, head_dim, queries, work, prefetcher);
    const KeySpan unmasked = panel.block.seen_by_all(panel.keys, panel.row, panel.row_count);
    mask_scores(panel.block, {panel.keys.begin, unmasked.begin}, panel.row, panel.vectors(), work.scores);
    mask_scores(panel.block, {unmasked.end, panel.keys.end}, panel.row, panel.vectors(), work.scores);
    softmax_panel(scores, panel.keys.count(), panel.vectors(), Products::scores(head),
                  {out, tile.row_max + panel.row, tile.row_sum + panel.row, head_dim});
    if (!head.dropout.is_off())
        drop(head, panel.block, panel.keys, panel.positions, panel.row_count, work.scores, panel_rows);
    Products::finish_weights(scores, panel.keys.count(), panel.vectors());
    if (panel.is_finite)
        add_values<Products>(panel, head_dim, scores, out, prefetcher);
    else
        add_seen_values<Products>(panel, head_dim, scores, out);
}

// Sums to outputs, in state.queries, and to the rows' LSE.
void finish_rows(const HeadTile& tile, std::int64_t dim_step, TileState& state) {
    const std::int64_t head_dim = tile.head.head_dim;
    const FloatTag tag;
    for (int row = 0; row < tile.rows.count; ++row) {
        const float sum = state.row_sum[row];
        if (sum == 0) { // no key seen; a NaN sum is not this case and goes on to the output
            state.row_max[row] = minus_infinity;
            continue; // out is 0 already
        }
        state.row_max[row] = float((double(state.row_max[row]) + std::log2(double(sum))) * std::log(2.0));
        float* out = state.queries + row * dim_step;
        const FloatVec share = hn::Set(tag, 1 / sum);
        for (std::int64_t d = 0; d < head_dim; d += lanes)
            hn::Store(hn::Mul(hn::Load(tag, out + d), share), tag, out + d);
    }
}

// Whole rows of what the products read: a key that joins is masked.
template <class Products> KeySpan visible(const KeyBlock& block, int row, int row_count) {
    KeySpan keys = block.visible(row, row_count);
    keys.begin -= keys.begin % Products::keys_together;
    return keys;
}

// All panels of a tile against one block of keys.
template <class Products>
void attend_panels(const HeadTile& tile, const KeyBlock& block, const OperandRows& rows, TileState& state,
                   TileWorkspace& work, Prefetcher* prefetcher) {
    const std::int64_t head_dim = tile.head.head_dim;
    const bool is_finite = !block.is_banded || Products::are_values_finite(rows, block.count, head_dim);
    for (int row = 0; row < tile.rows.count; row += panel_rows) {
        const int count = std::min(panel_rows, tile.rows.count - row);
        const PanelBlock panel{block,
                               rows,
                               is_finite,
                               row,
                               count,
                               &tile.rows.positions[std::size_t(row)],
                               visible<Products>(block, row, count)};
        accumulate<Products>(panel, tile.head, state, work, prefetcher);
    }
}

// What attend() needs of a kernel; FewRows is the other one.
template <class Products> struct Panels {
    static constexpr auto start = start_panels<Products>;
    static constexpr auto rows_of = Products::rows_of;
    static constexpr auto attend_block = attend_panels<Products>;
    static void finish(const HeadTile& tile, std::int64_t dim_step, TileState& state) {
        transpose_from_panels(state.out, tile.rows.count, tile.head.head_dim, dim_step, state.queries);
    }
};

template <class Kernel>
void attend(TileJob& job, const TileJob* upcoming, const CancelFlag* cancel, TileWorkspace& work) {
    const std::span<const HeadTile> tiles = job.tiles();
    work.divide(tiles.size());
    BlockOfTiles blocks[2] = {job.first_block(), {}};
    for (std::size_t index = 0; index < tiles.size(); ++index) Kernel::start(tiles[index], work, work.tiles[index]);
    for (int current = 0; blocks[current].block.count > 0; current = 1 - current) {
        if (is_cancelled(cancel)) return;
        const auto& [block, begin, end] = blocks[current];
        // Tiles of one head leave fetching to the last: sooner, the others would push it out of L2 again.
        const std::size_t first_fetching = job.has_one_key_head() ? end - 1 : begin;
        const auto panels = int((end - first_fetching) * std::size_t(panel_count(tiles[begin].rows.count)));
        const KeyBlock& next = blocks[1 - current].block;
        Prefetcher prefetcher =
            job.next_block(blocks[1 - current]) || !upcoming
                ? Prefetcher(tiles, next, {}, panels)
                : Prefetcher(upcoming->tiles(), upcoming->first_block().block, upcoming->tiles(), panels);
        OperandRows rows;
        for (std::size_t index = begin; index < end; ++index) {
            const HeadTensors& head = tiles[index].head;
            if (index == begin || head.k != tiles[index - 1].head.k)
                rows = Kernel::rows_of(head, block, end - begin, work);
            Kernel::attend_block(tiles[index], block, rows, work.tiles[index], work,
                                 index < first_fetching ? nullptr : &prefetcher);
        }
        prefetcher.rest();
    }
    for (std::size_t index = 0; index < tiles.size(); ++index) {
        Kernel::finish(tiles[index], work.dim_step, work.tiles[index]);
        finish_rows(tiles[index], work.dim_step, work.tiles[index]);
    }
}

void clear(float* values, std::int64_t count) {
    const FloatTag tag;
    std::int64_t index = 0;
    for (; index < count && reinterpret_cast<std::uintptr_t>(values + index) % (lanes * sizeof(float)) != 0; ++index)
        values[index] = 0;
    for (; index + lanes <= count; index += lanes) hn::Stream(hn::Zero(tag), tag, values + index);
    for (; index < count; ++index) values[index] = 0;
}

void exp2_of(const float* x, std::int64_t count, float* y) {
    const FloatTag tag;
    HWY_ALIGN float buffer[lanes];
    for (std::int64_t index = 0; index < count; ++index) {
        hn::Store(exp2_nonpositive(hn::Set(tag, x[index])), tag, buffer);
        y[index] = buffer[0];
    }
}

TileKernel make_tile_kernel() {
    return {.set = hwy::TargetName(HWY_TARGET),
            .attend = attend<Panels<FloatProducts>>,
            .attend_pairs = attend<Panels<PairProducts>>,
            .attend_few_rows = attend<FewRows>,
            .few_rows_max = few_rows_max,
            .lanes = lanes,
            .clear = clear,
            .exp2 = exp2_of};
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace dilascope {

HWY_EXPORT(make_tile_kernel);

Result<TileKernel> tile_kernel() {
    constexpr std::size_t table_size = std::size(HWY_DISPATCH_TABLE(make_tile_kernel));
    const KernelTarget target = TRY(kernel_target());
    TileKernel kernel = HWY_DISPATCH_TABLE(make_tile_kernel)[kernel_index(target.sets, table_size)]();
    if (!target.has_pair_dots) kernel.attend_pairs = nullptr;
    return kernel;
}

int tiles_per_group(std::int64_t head_dim) {
    constexpr std::int64_t state_bytes_max = 450 << 10; // beyond L2 where it must be: gathering twice costs more
    const std::int64_t state_bytes = 2 * max_tile_rows * dense_row_step(head_dim) * std::int64_t(sizeof(float));
    return int(std::clamp<std::int64_t>(state_bytes_max / state_bytes, 1, 4));
}

Result<TileWorkspace> TileWorkspace::allocate(std::int64_t head_dim) {
    TileWorkspace work;
    work.dim_step = dense_row_step(head_dim);
    const std::int64_t rows = max_tile_rows * work.dim_step, keys = keys_per_block(head_dim) * work.dim_step;
    const std::int64_t scores = keys_per_block(head_dim) * widest_panel;
    work.tile_rows = tiles_per_group(head_dim) * max_tile_rows;
    const std::int64_t floats = work.tile_rows * 2 * (work.dim_step + 1) + rows + scores + 2 * keys;
    work.memory = TRY(Buffer<float>::allocate(floats, "cpu/workspace"));
    float* next = work.memory.data();
    const auto take = [&](std::int64_t count) { return std::exchange(next, next + count); };
    work.keys = take(keys), work.values = take(keys), work.scores = take(scores), work.rows = take(rows);
    work.states = next;
    return work;
}

void TileWorkspace::divide(std::size_t tile_count) {
    const std::int64_t rows = std::int64_t(tile_count) * max_tile_rows <= tile_rows ? max_tile_rows : widest_panel;
    float* next = states;
    const auto take = [&](std::int64_t count) { return std::exchange(next, next + count); };
    tiles.clear();
    for (std::size_t index = 0; index < tile_count; ++index)
        tiles.push_back({take(rows * dim_step), take(rows * dim_step), take(rows), take(rows)});
}

} // namespace dilascope
#endif
