// Rows of tensors into the layouts of the products: dense f32 rows, and panels of transposed rows.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_ROWS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_ROWS_INL_H
#undef DILASCOPE_ROWS_INL_H
#else
#define DILASCOPE_ROWS_INL_H
#endif
#include "engine/backends/cpu/micro_kernel-inl.h"
#include "engine/backends/cpu/prefetcher-inl.h"
#include "engine/backends/cpu/tile_kernel.h"
#include <algorithm>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

HWY_INLINE FloatVec load_as_f32(const float* from) { return hn::LoadU(FloatTag(), from); }
template <class Narrow> HWY_INLINE FloatVec load_as_f32(const Narrow* from) {
    return hn::PromoteTo(FloatTag(), hn::LoadU(hn::Rebind<Narrow, FloatTag>(), from));
}

// One row of D elements as f32, zeros up to `padded_dim`.
template <class Element>
HWY_INLINE void load_row(const Element* from, std::int64_t head_dim, std::int64_t padded_dim, float* to) {
    const FloatTag tag;
    std::int64_t d = 0;
    for (; d + lanes <= head_dim; d += lanes) hn::Store(load_as_f32(from + d), tag, to + d);
    if (d < head_dim) { // the last few through a buffer: the row may end the tensor
        Element rest[lanes] = {};
        std::memcpy(rest, from + d, std::size_t(head_dim - d) * sizeof(Element));
        hn::Store(load_as_f32(rest), tag, to + d);
        d += lanes;
    }
    for (; d < padded_dim; d += lanes) hn::Store(hn::Zero(tag), tag, to + d);
}

// Rows far apart defeat the hardware prefetcher: so many ahead of the one that is copied are called for.
constexpr int rows_ahead = 12;

// Calls visit(tensor as typed pointer) for the element type of a tensor at rest.
template <class Visit> HWY_INLINE void with_elements(const void* tensor, Dtype dtype, Visit visit) {
    if (dtype == Dtype::bf16)
        visit(static_cast<const hwy::bfloat16_t*>(tensor));
    else if (dtype == Dtype::f16)
        visit(static_cast<const hwy::float16_t*>(tensor));
    else
        visit(static_cast<const float*>(tensor));
}

// Row r of the tile to to[r·step …], dense.
inline void load_rows(const void* tensor, Dtype dtype, const TileRows& rows, std::int64_t head_dim, std::int64_t step,
                      float* to) {
    with_elements(tensor, dtype, [&](const auto* elements) {
        for (int row = 0; row < rows.count; ++row) {
            if (row + rows_ahead < rows.count)
                fetch_row<nearest>(elements + rows.offsets[std::size_t(row + rows_ahead)],
                                   head_dim * std::int64_t(sizeof *elements));
            load_row(elements + rows.offsets[std::size_t(row)], head_dim, step, to + row * step);
        }
    });
}

// Keys of a block, of k or v, to dense rows.
inline void gather(const void* tensor, const HeadTensors& head, const KeyBlock& block, std::int64_t step, float* to) {
    with_elements(tensor, head.dtype, [&](const auto* elements) {
        for (int key = 0; key < block.count; ++key) {
            if (key + rows_ahead < block.count)
                fetch_row<nearest>(elements + block.places[std::size_t(key + rows_ahead)] * head.key_step,
                                   head.head_dim * std::int64_t(sizeof *elements));
            load_row(elements + block.places[std::size_t(key)] * head.key_step, head.head_dim, step, to + key * step);
        }
    });
}

// 0 · ∞ is NaN, so a masked key's weight of 0 does not silence a value that is not finite.
inline bool all_finite(Strided<const float> rows, std::int64_t row_count, std::int64_t head_dim) {
    const FloatTag tag;
    constexpr int chains = 4; // one sum would wait for itself
    FloatVec zeros[chains];
    for (FloatVec& sum : zeros) sum = hn::Zero(tag);
    float zero = 0;
    for (std::int64_t row = 0; row < row_count; ++row) {
        const float* values = rows.data + row * rows.step;
        std::int64_t d = 0;
        for (; d + chains * lanes <= head_dim; d += chains * lanes)
#pragma GCC unroll 4
            for (int chain = 0; chain < chains; ++chain)
                zeros[chain] = hn::MulAdd(hn::LoadU(tag, values + d + chain * lanes), hn::Zero(tag), zeros[chain]);
        for (; d + lanes <= head_dim; d += lanes)
            zeros[0] = hn::MulAdd(hn::LoadU(tag, values + d), hn::Zero(tag), zeros[0]);
        for (; d < head_dim; ++d) zero += values[d] * 0.0f;
    }
    const FloatVec sum = hn::Add(hn::Add(zeros[0], zeros[1]), hn::Add(zeros[2], zeros[3]));
    return zero == 0 && hn::AllTrue(tag, hn::Eq(sum, hn::Zero(tag)));
}

// What a transposition does with the numbers: nothing, whatever their bits mean, or multiply them.
struct AsTheyAre {
    template <class Tag, class Vec> HWY_INLINE Vec operator()(Tag, Vec x) const { return x; }
};
struct Times {
    float factor;
    template <class Tag, class Vec> HWY_INLINE Vec operator()(Tag tag, Vec x) const {
        return hn::Mul(x, hn::Set(tag, factor));
    }
};

// Four rows of four to four columns.
template <class Change>
HWY_INLINE void transpose_4x4(const float* from, std::int64_t from_step, Change change, float* to,
                              std::int64_t to_step) {
#if HWY_TARGET == HWY_SCALAR
    const FloatTag tag;
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column < 4; ++column)
            hn::Store(change(tag, hn::Load(tag, from + row * from_step + column)), tag, to + column * to_step + row);
#else
    const hn::FixedTag<float, 4> tag;
    const hn::RepartitionToWide<decltype(tag)> pairs;
    const auto row0 = change(tag, hn::LoadU(tag, from)), row1 = change(tag, hn::LoadU(tag, from + from_step));
    const auto row2 = change(tag, hn::LoadU(tag, from + 2 * from_step)),
               row3 = change(tag, hn::LoadU(tag, from + 3 * from_step));
    const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(tag, row0, row1)),
               low23 = hn::BitCast(pairs, hn::InterleaveLower(tag, row2, row3));
    const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(tag, row0, row1)),
               high23 = hn::BitCast(pairs, hn::InterleaveUpper(tag, row2, row3));
    hn::StoreU(hn::BitCast(tag, hn::InterleaveLower(pairs, low01, low23)), tag, to);
    hn::StoreU(hn::BitCast(tag, hn::InterleaveUpper(pairs, low01, low23)), tag, to + to_step);
    hn::StoreU(hn::BitCast(tag, hn::InterleaveLower(pairs, high01, high23)), tag, to + 2 * to_step);
    hn::StoreU(hn::BitCast(tag, hn::InterleaveUpper(pairs, high01, high23)), tag, to + 3 * to_step);
#endif
}

// Dense rows (row_count, step) to panels (panel, D, panel_rows), changed; rows of the last panel that do not exist are
// zeros. Reads up to three rows more than there are.
template <class Change>
inline void transpose_to_panels(const float* rows, int row_count, std::int64_t step, std::int64_t head_dim,
                                Change change, float* panels) {
    const std::int64_t quads = (head_dim + 3) / 4;
    for (int first = 0; first < row_count; first += panel_rows) {
        float* panel = panels + first / panel_rows * panel_step(head_dim);
        const int count = std::min(panel_rows, row_count - first);
        for (std::int64_t quad = 0; quad < quads; ++quad)
            for (int row = 0; row < count; row += 4)
                transpose_4x4(rows + (first + row) * step + quad * 4, step, change, panel + quad * 4 * panel_rows + row,
                              panel_rows);
        if (count == panel_rows) continue;
        for (std::int64_t d = 0; d < head_dim; ++d)
            std::fill(panel + d * panel_rows + count, panel + (d + 1) * panel_rows, 0.0f);
    }
}

// Panels (panel, D, panel_rows) to dense rows.
inline void transpose_from_panels(const float* panels, int row_count, std::int64_t head_dim, std::int64_t step,
                                  float* rows) {
    const std::int64_t quads = (head_dim + 3) / 4;
    for (int row = 0; row < row_count; row += 4)
        for (std::int64_t quad = 0; quad < quads; ++quad)
            transpose_4x4(panels + row / panel_rows * panel_step(head_dim) + quad * 4 * panel_rows + row % panel_rows,
                          panel_rows, AsTheyAre(), rows + row * step + quad * 4, step);
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
