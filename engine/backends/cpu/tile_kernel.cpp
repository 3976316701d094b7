// The tile kernel in every instruction set of target_set.h. This file is compiled once per set by foreach_target.h.
//
// Scores are kept transposed, Sᵀ (keys, rows): then K is the broadcast operand and needs no transposing, only the
// tile's own queries do, once; the softmax runs down columns with no sum across lanes; and P is already the
// column-major left operand of PV. Both products are the same micro-kernel. Keys and values are copied into dense rows
// first, which makes strided (dilated) runs as fast as dense ones and keeps a block within a few pages.
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

void begin(const TileRows& rows, TileWorkspace& work) {
    const int padded = (rows.count + lanes - 1) / lanes * lanes;
    for (int row = 0; row < padded; ++row) {
        float* column = work.queries.data() + row;
        if (row >= rows.count) { // padding: harmless scores of 0
            for (std::int64_t d = 0; d < work.head_dim; ++d) column[d * work.row_step] = 0;
            continue;
        }
        const float* q = rows.q + rows.offsets[row];
        for (std::int64_t d = 0; d < work.head_dim; ++d) column[d * work.row_step] = q[d] * rows.scale_log2;
    }
    std::fill_n(work.out.data(), rows.count * work.dim_step, 0.0f);
    std::fill_n(work.row_max.data(), work.row_step, -std::numeric_limits<float>::infinity());
    std::fill_n(work.row_sum.data(), work.row_step, 0.0f);
}

void gather_row(const float* from, std::int64_t head_dim, std::int64_t dim_step, float* to) {
    const FloatTag tag;
    std::int64_t d = 0;
    for (; d + lanes <= head_dim; d += lanes) hn::Store(hn::LoadU(tag, from + d), tag, to + d);
    for (; d < head_dim; ++d) to[d] = from[d];
    for (; d < dim_step; ++d) to[d] = 0;
}

void gather(const TileRows& rows, const KeyBlock& block, TileWorkspace& work) {
    for (int key = 0; key < block.count; ++key) {
        const std::int64_t from = block.positions[std::size_t(key)] * rows.key_step, to = key * work.dim_step;
        gather_row(rows.k + from, work.head_dim, work.dim_step, work.keys.data() + to);
        gather_row(rows.v + from, work.head_dim, work.dim_step, work.values.data() + to);
    }
}

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

// Sᵀ = K Qᵀ, skipping micro-tiles that the mask would empty.
void compute_scores(const KeyBlock& block, int row_count, TileWorkspace& work) {
    constexpr int panel = micro_vectors * lanes;
    for (int panel_row = 0; panel_row < row_count; panel_row += panel) {
        for (int key = 0; key < block.count; key += micro_rows) {
            const int keys = std::min(micro_rows, block.count - key);
            const Span rows = visible_rows(block, key, keys, row_count);
            const int begin = std::max(rows.begin, panel_row), end = std::min(rows.end, panel_row + panel);
            if (begin >= end) continue;
            multiply_of<Left::row_major, Into::overwrite>(keys, (end - begin) / lanes)(
                work.keys.data() + key * work.dim_step, work.dim_step, work.queries.data() + begin, work.row_step,
                work.head_dim, work.scores.data() + key * work.row_step + begin, work.row_step);
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

// O += P V.
void add_values(const KeyBlock& block, int row_count, TileWorkspace& work) {
    const int vectors = int(work.dim_step / lanes);
    const int groups = (vectors + micro_vectors - 1) / micro_vectors;
    for (int row = 0; row < row_count; row += micro_rows) {
        const int rows = std::min(micro_rows, row_count - row);
        const Span keys = visible_keys(block, row, rows);
        if (keys.begin >= keys.end) continue;
        for (int group = 0; group < groups; ++group) { // even shares: 5 vectors are 3 + 2, not 4 + 1
            const int first = group * vectors / groups, last = (group + 1) * vectors / groups;
            multiply_of<Left::column_major, Into::add>(rows, last - first)(
                work.scores.data() + keys.begin * work.row_step + row, work.row_step,
                work.values.data() + keys.begin * work.dim_step + first * lanes, work.dim_step, keys.end - keys.begin,
                work.out.data() + row * work.dim_step + first * lanes, work.dim_step);
        }
    }
}

void accumulate(const TileRows& rows, const KeyBlock& block, TileWorkspace& work) {
    gather(rows, block, work);
    compute_scores(block, rows.count, work);
    if (block.is_banded) mask_scores(block, rows.count, work);
    softmax(block.count, rows.count, work);
    add_values(block, rows.count, work);
}

void finish(const TileRows& rows, TileWorkspace& work) {
    const FloatTag tag;
    for (int row = 0; row < rows.count; ++row) {
        const float sum = work.row_sum[row];
        if (sum == 0) { // no key seen; a NaN sum is not this case and goes on to the output
            work.row_max[row] = -std::numeric_limits<float>::infinity();
            continue; // out is 0 already
        }
        work.row_max[row] = float((double(work.row_max[row]) + std::log2(double(sum))) * std::log(2.0));
        float* out = work.out.data() + row * work.dim_step;
        const FloatVec share = hn::Set(tag, 1 / sum);
        for (std::int64_t d = 0; d < work.dim_step; d += lanes)
            hn::Store(hn::Mul(hn::Load(tag, out + d), share), tag, out + d);
    }
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
    return {.target = hwy::TargetName(HWY_TARGET),
            .begin = begin,
            .accumulate = accumulate,
            .finish = finish,
            .exp2 = exp2_of};
}

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

Result<TileWorkspace> TileWorkspace::allocate(std::int64_t head_dim) {
    TileWorkspace work;
    work.head_dim = head_dim;
    work.dim_step = padded(head_dim);
    // One vector more than the rows need: a power-of-two step would put the same column of all keys into 8 cache sets.
    work.row_step = padded(max_tile_rows) + widest_lanes;
    work.queries = TRY(Buffer<float>::allocate(head_dim * work.row_step, "cpu/queries"));
    work.scores = TRY(Buffer<float>::allocate(max_block_keys * work.row_step, "cpu/scores"));
    work.keys = TRY(Buffer<float>::allocate(max_block_keys * work.dim_step, "cpu/keys"));
    work.values = TRY(Buffer<float>::allocate(max_block_keys * work.dim_step, "cpu/values"));
    work.out = TRY(Buffer<float>::allocate(max_tile_rows * work.dim_step, "cpu/out"));
    work.row_max = TRY(Buffer<float>::allocate(work.row_step, "cpu/row_max"));
    work.row_sum = TRY(Buffer<float>::allocate(work.row_step, "cpu/row_sum"));
    return work;
}

} // namespace dilascope
#endif
