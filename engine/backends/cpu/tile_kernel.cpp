// The tile kernel in every instruction set of target_set.h. This file is compiled once per set by foreach_target.h.
//
// Scores are kept transposed, Sᵀ (keys, rows): then K is the broadcast operand and needs no transposing, only the
// tile's own queries do, once; the softmax runs down columns with no sum across lanes; and P is already the
// column-major left operand of PV. Both products are the same micro-kernel. Keys and values are copied into dense rows
// first, which makes strided (dilated) runs as fast as dense ones and keeps a block within a few pages.
//
// Measured on two Zen 4 cores of a busy machine (D = 64, N = 4096, one thread, per block of 192 keys and tile of 128
// rows, in thousands of 2.6 GHz ticks; 139 is the multiply-add floor): scores 72, values 71, softmax 13, gather 8 to
// 50, depending on how many heads lie between two rows. What was tried on the gather: prefetch in a function of its own
// (GCC 12 drops the calls: nothing gained); without the line that an unaligned row reaches into (one line in five still
// missed); a whole block within the first panel of scores (the product waits for line buffers: scores 98); a few rows
// at each micro-tile, and four tiles sharing a block (kept: 62 to 78 % of peak with 4 heads). Queries transposed d by d
// over all rows, or row by row: 5 % and 9 % of a window pattern's time; 16 rows at a time 4 %.
#include "engine/backends/cpu/target_set.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/backends/cpu/tile_kernel.cpp"
#include "hwy/foreach_target.h" // must come before highway.h
#include "hwy/highway.h"

#include "engine/backends/cpu/softmax-inl.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

void load_queries(const TileRows& rows, const HeadTensors& head, std::int64_t row_step, TileState& tile) {
    constexpr int group = 16; // rows a power of two apart share few cache sets: more of them at once evict each other
    for (int first = 0; first < rows.count; first += group) {
        const int count = std::min(group, rows.count - first);
        for (std::int64_t d = 0; d < head.head_dim; ++d) {
            float* to = &tile.queries[d * row_step + first];
            for (int row = 0; row < count; ++row)
                to[row] = head.q[rows.offsets[std::size_t(first + row)] + d] * head.scale_log2;
            std::fill(to + count, to + group, 0.0f); // padding rows: harmless scores of 0
        }
    }
    std::fill(tile.out.begin(), tile.out.end(), 0.0f);
    std::fill(tile.row_max.begin(), tile.row_max.end(), -std::numeric_limits<float>::infinity());
    std::fill(tile.row_sum.begin(), tile.row_sum.end(), 0.0f);
}

void gather_row(const float* from, std::int64_t head_dim, std::int64_t dim_step, float* to) {
    const FloatTag tag;
    std::int64_t d = 0;
    for (; d + lanes <= head_dim; d += lanes) hn::Store(hn::LoadU(tag, from + d), tag, to + d);
    for (; d < head_dim; ++d) to[d] = from[d];
    for (; d < dim_step; ++d) to[d] = 0;
}

void gather(const HeadTensors& head, const KeyBlock& block, TileWorkspace& work) {
    for (int key = 0; key < block.count; ++key) {
        const std::int64_t from = block.places[std::size_t(key)] * head.key_step, to = key * work.dim_step;
        gather_row(head.k + from, head.head_dim, work.dim_step, work.keys.data() + to);
        gather_row(head.v + from, head.head_dim, work.dim_step, work.values.data() + to);
    }
}

// Calls for the rows of the next block, a few each time the product has a micro-tile done: rows far apart (other heads
// lie between) defeat the hardware prefetcher, and all at once would take the line buffers from the product.
class Prefetcher {
public:
    Prefetcher(const HeadTensors& head, const KeyBlock& next, int steps)
        : head_(head), next_(next), keys_per_step_((next.count + steps - 1) / steps) {}
    // Inline, or GCC 12 takes it for a function without effect and drops the calls.
    HWY_INLINE void step() { fetch(std::min(key_ + keys_per_step_, next_.count)); }
    HWY_INLINE void rest() { fetch(next_.count); }

private:
    HWY_INLINE void fetch(int end) {
        constexpr std::int64_t line = 64 / sizeof(float);
        for (; key_ < end; ++key_) {
            const std::int64_t from = next_.places[std::size_t(key_)] * head_.key_step;
            for (const float* row : {head_.k + from, head_.v + from}) {
                for (std::int64_t d = 0; d < head_.head_dim; d += line) __builtin_prefetch(row + d, 0, 2);
                __builtin_prefetch(row + head_.head_dim - 1, 0, 2); // an unaligned row reaches into one line more
            }
        }
    }
    const HeadTensors& head_;
    const KeyBlock& next_;
    int keys_per_step_, key_ = 0;
};

// Half-open range of row indices, or of keys of the block.
struct Span {
    int begin, end;
};

// Rows that see at least one of the keys [key, key + count), rounded out to whole vectors.
Span visible_rows(const KeyBlock& block, int key, int count, int row_count) {
    Span rows{0, row_count};
    if (block.is_banded) {
        rows = {row_count, 0};
        for (int index = key; index < key + count; ++index) {
            rows.begin = std::min(rows.begin, block.row_begin[std::size_t(index)]);
            rows.end = std::max(rows.end, block.row_end[std::size_t(index)]);
        }
    }
    return {rows.begin / lanes * lanes, (rows.end + lanes - 1) / lanes * lanes};
}

constexpr int panel_rows = micro_vectors * lanes;

// Sᵀ = K Qᵀ, skipping micro-tiles that the mask would empty.
void compute_scores(const KeyBlock& block, int row_count, std::int64_t head_dim, const TileState& tile,
                    TileWorkspace& work, Prefetcher& prefetcher) {
    for (int panel = 0; panel < row_count; panel += panel_rows) {
        for (int key = 0; key < block.count; key += micro_rows) {
            prefetcher.step();
            const int keys = std::min(micro_rows, block.count - key);
            const Span rows = visible_rows(block, key, keys, row_count);
            const int begin = std::max(rows.begin, panel), end = std::min(rows.end, panel + panel_rows);
            if (begin >= end) continue;
            multiply_of<Left::row_major, Into::overwrite>(keys, (end - begin) / lanes)(
                work.keys.data() + key * work.dim_step, work.dim_step, tile.queries.data() + begin, work.row_step,
                head_dim, work.scores.data() + key * work.row_step + begin, work.row_step);
        }
    }
}

// Keys of the block from the first to the last that one of the rows sees.
Span visible_keys(const KeyBlock& block, int row, int count) {
    if (!block.is_banded) return {0, block.count};
    const auto is_seen = [&](int key) {
        return block.row_begin[std::size_t(key)] < row + count && row < block.row_end[std::size_t(key)];
    };
    Span keys{0, block.count};
    while (keys.begin < keys.end && !is_seen(keys.begin)) ++keys.begin;
    while (keys.begin < keys.end && !is_seen(keys.end - 1)) --keys.end;
    return keys;
}

// O += P V for a few rows (≤ micro_rows) and a range of the block's keys.
void add_values(int row, int row_count, Span keys, TileState& tile, const TileWorkspace& work) {
    const int vectors = int(work.dim_step / lanes);
    const int groups = (vectors + micro_vectors - 1) / micro_vectors;
    for (int group = 0; group < groups; ++group) { // even shares: 5 vectors are 3 + 2, not 4 + 1
        const int first = group * vectors / groups, last = (group + 1) * vectors / groups;
        multiply_of<Left::column_major, Into::add>(row_count, last - first)(
            work.scores.data() + keys.begin * work.row_step + row, work.row_step,
            work.values.data() + keys.begin * work.dim_step + first * lanes, work.dim_step, keys.end - keys.begin,
            tile.out.data() + row * work.dim_step + first * lanes, work.dim_step);
    }
}

// 0 · ∞ is NaN, so a masked key's weight of 0 does not silence a value that is not finite.
bool all_finite(const float* values, std::int64_t count) {
    const FloatTag tag;
    FloatVec zero = hn::Zero(tag);
    for (std::int64_t index = 0; index < count; index += lanes)
        zero = hn::MulAdd(hn::Load(tag, values + index), hn::Zero(tag), zero);
    return hn::AllTrue(tag, hn::Eq(zero, hn::Zero(tag)));
}

// O += P V.
void add_values(const KeyBlock& block, int row_count, TileState& tile, const TileWorkspace& work) {
    if (block.is_banded && !all_finite(work.values.data(), block.count * work.dim_step)) {
        for (int row = 0; row < row_count; ++row) // one by one, only what the row sees
            for (int key = 0; key < block.count; ++key)
                if (block.row_begin[std::size_t(key)] <= row && row < block.row_end[std::size_t(key)])
                    add_values(row, 1, {key, key + 1}, tile, work);
        return;
    }
    for (int row = 0; row < row_count; row += micro_rows) {
        const int rows = std::min(micro_rows, row_count - row);
        const Span keys = visible_keys(block, row, rows);
        if (keys.begin < keys.end) add_values(row, rows, keys, tile, work);
    }
}

void accumulate(const KeyBlock& block, const TileRows& rows, std::int64_t head_dim, TileState& tile,
                TileWorkspace& work, Prefetcher& prefetcher) {
    compute_scores(block, rows.count, head_dim, tile, work, prefetcher);
    if (block.is_banded) mask_scores(block, rows.count, work);
    softmax(block.count, rows.count, tile, work);
    add_values(block, rows.count, tile, work);
}

void finish(const TileRows& rows, std::int64_t dim_step, TileState& tile) {
    const FloatTag tag;
    for (int row = 0; row < rows.count; ++row) {
        const float sum = tile.row_sum[row];
        if (sum == 0) { // no key seen; a NaN sum is not this case and goes on to the output
            tile.row_max[row] = -std::numeric_limits<float>::infinity();
            continue; // out is 0 already
        }
        tile.row_max[row] = float((double(tile.row_max[row]) + std::log2(double(sum))) * std::log(2.0));
        float* out = tile.out.data() + row * dim_step;
        const FloatVec share = hn::Set(tag, 1 / sum);
        for (std::int64_t d = 0; d < dim_step; d += lanes)
            hn::Store(hn::Mul(hn::Load(tag, out + d), share), tag, out + d);
    }
}

void attend(std::span<const TileRows> tiles, const HeadTensors& head, KeyFeed& feed, const std::atomic<bool>* cancel,
            TileWorkspace& work) {
    KeyBlock blocks[2];
    int current = 0;
    feed.next(blocks[current]);
    Prefetcher(head, blocks[current], 1).rest();
    for (std::size_t index = 0; index < tiles.size(); ++index)
        load_queries(tiles[index], head, work.row_step, work.tiles[index]);
    for (; blocks[current].count > 0; current = 1 - current) {
        if (cancel && cancel->load(std::memory_order_relaxed)) return;
        const KeyBlock& block = blocks[current];
        feed.next(blocks[1 - current]);
        gather(head, block, work);
        const int panels = (tiles.front().count + panel_rows - 1) / panel_rows * int(tiles.size());
        Prefetcher prefetcher(head, blocks[1 - current], panels * ((block.count + micro_rows - 1) / micro_rows));
        for (std::size_t index = 0; index < tiles.size(); ++index)
            accumulate(block, tiles[index], head.head_dim, work.tiles[index], work, prefetcher);
        prefetcher.rest();
    }
    for (std::size_t index = 0; index < tiles.size(); ++index) finish(tiles[index], work.dim_step, work.tiles[index]);
}

void exp2_of(const float* x, std::int64_t count, float* y) {
    const FloatTag tag;
    HWY_ALIGN float buffer[lanes];
    for (std::int64_t index = 0; index < count; ++index) {
        hn::Store(exp2_nonpositive(hn::Set(tag, x[index])), tag, buffer);
        y[index] = buffer[0];
    }
}

TileKernel make_tile_kernel() { return {.target = hwy::TargetName(HWY_TARGET), .attend = attend, .exp2 = exp2_of}; }

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "engine/nearest.h"
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>

namespace dilascope {

HWY_EXPORT(make_tile_kernel);

namespace {

constexpr std::int64_t widest_lanes = 16;
std::int64_t padded(std::int64_t count) { return (count + widest_lanes - 1) / widest_lanes * widest_lanes; }

TileKernel kernel_of(std::int64_t targets) {
    hwy::ChosenTarget chosen;
    chosen.Update(targets);
    constexpr std::size_t table_size = std::size(HWY_DISPATCH_TABLE(make_tile_kernel));
    return HWY_DISPATCH_TABLE(make_tile_kernel)[table_size == 1 ? 0 : chosen.GetIndex()]();
}

} // namespace

std::vector<std::string> tile_kernel_targets() {
    std::vector<std::string> names;
    for (std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0; targets &= targets - 1)
        names.push_back(hwy::TargetName(targets & -targets)); // lower bits are better targets
    return names;
}

Result<TileKernel> tile_kernel() {
    const char* forced = std::getenv("DILASCOPE_CPU_TARGET");
    if (!forced || !*forced) return kernel_of(hwy::SupportedTargets());
    const std::vector<std::string> names = tile_kernel_targets();
    for (std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS; targets != 0; targets &= targets - 1)
        if (std::string_view(forced) == hwy::TargetName(targets & -targets)) return kernel_of(targets & -targets);
    const std::vector<std::string_view> views(names.begin(), names.end());
    return fail(fmt::format("DILASCOPE_CPU_TARGET is \"{}\", which this CPU or binary lacks{}", forced,
                            nearest_hint(forced, views)));
}

int tiles_per_group(std::int64_t head_dim) {
    constexpr std::int64_t state_bytes_max = 320 << 10; // of a 1 MiB L2; scores, keys and values need the rest
    const std::int64_t state_bytes = 2 * max_tile_rows * padded(head_dim) * std::int64_t(sizeof(float));
    return int(std::clamp<std::int64_t>(state_bytes_max / state_bytes, 1, 4));
}

Result<TileWorkspace> TileWorkspace::allocate(std::int64_t head_dim) {
    TileWorkspace work;
    work.dim_step = padded(head_dim);
    // One vector more than the rows need: a power-of-two step would put the same column of all keys into 8 cache sets.
    work.row_step = padded(max_tile_rows) + widest_lanes;
    for (int index = 0; index < tiles_per_group(head_dim); ++index) {
        TileState tile;
        tile.queries = TRY(Buffer<float>::allocate(head_dim * work.row_step, "cpu/queries"));
        tile.out = TRY(Buffer<float>::allocate(max_tile_rows * work.dim_step, "cpu/out"));
        tile.row_max = TRY(Buffer<float>::allocate(work.row_step, "cpu/row_max"));
        tile.row_sum = TRY(Buffer<float>::allocate(work.row_step, "cpu/row_sum"));
        work.tiles.push_back(std::move(tile));
    }
    work.scores = TRY(Buffer<float>::allocate(max_block_keys * work.row_step, "cpu/scores"));
    work.keys = TRY(Buffer<float>::allocate(max_block_keys * work.dim_step, "cpu/keys"));
    work.values = TRY(Buffer<float>::allocate(max_block_keys * work.dim_step, "cpu/values"));
    return work;
}

} // namespace dilascope
#endif
