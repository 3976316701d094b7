// Prefetcher: calls for what is read next while the products of a panel run.
// Included once per instruction set; see tile_kernel.cpp.
#if defined(DILASCOPE_PREFETCHER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef DILASCOPE_PREFETCHER_INL_H
#undef DILASCOPE_PREFETCHER_INL_H
#else
#define DILASCOPE_PREFETCHER_INL_H
#endif
#include "engine/backends/cpu/micro_kernel-inl.h"
#include "engine/backends/cpu/tile_kernel.h"
#include <array>
#include <limits>
#include <span>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {

// Where a row is called to: L1, or L2 for later. Callers are inline too, or GCC 12 takes them for functions without
// effect and drops the calls.
constexpr int nearest = 3, farther = 2;
template <int locality> HWY_INLINE void fetch_row(const void* row, std::int64_t bytes) {
    const auto* first = static_cast<const char*>(row);
    for (std::int64_t byte = 0; byte < bytes; byte += 64) __builtin_prefetch(first + byte, 0, locality);
    __builtin_prefetch(first + bytes - 1, 0, locality); // an unaligned row reaches into one line more
}

// Calls for the rows of the next block, one or a few with each micro-tile: rows far apart (other heads lie between)
// defeat the hardware prefetcher, and all at once would take the line buffers from the product.
class Prefetcher {
public:
    // The keys and values of `next`, and the queries of a job that `queries` begin. `panels`: how many of them share
    // the fetching out among their micro-tiles.
    Prefetcher(std::span<const HeadTile> tiles, const KeyBlock& next, std::span<const HeadTile> queries, int panels)
        : next_(next), queries_(queries) {
        const HeadTensors& head = tiles.front().head;
        const auto element = std::int64_t(dtype_bytes(head.dtype));
        key_bytes_ = head.key_step * element, row_bytes_ = head.head_dim * element;
        for (const auto tensor : {&HeadTensors::k, &HeadTensors::v})
            for (const HeadTile& tile : tiles) {
                const auto* rows = static_cast<const char*>(tile.head.*tensor);
                if (tensor_count_ == 0 || tensors_[tensor_count_ - 1] != rows) tensors_[tensor_count_++] = rows;
            }
        int rows = next.count * int(tensor_count_);
        for (const HeadTile& tile : queries) rows += tile.rows.count;
        rows_per_panel_ = (rows + panels - 1) / panels;
    }
    int rows_per_panel() const { return rows_per_panel_; }
    void rest() { fetch(std::numeric_limits<int>::max()); }
    HWY_INLINE void fetch(int rows) {
        for (; rows > 0 && key_ < next_.count; --rows) {
            fetch_row<farther>(tensors_[tensor_] + next_.places[std::size_t(key_)] * key_bytes_, row_bytes_);
            if (++tensor_ == tensor_count_) tensor_ = 0, ++key_; // heads lie side by side
        }
        for (; rows > 0 && tile_ < queries_.size(); --rows) {
            const HeadTile& tile = queries_[tile_];
            fetch_row<farther>(static_cast<const char*>(tile.head.q) +
                                   tile.rows.offsets[row_] * std::int64_t(dtype_bytes(tile.head.dtype)),
                               row_bytes_);
            if (++row_ == std::size_t(tile.rows.count)) row_ = 0, ++tile_;
        }
    }

private:
    const KeyBlock& next_;
    std::span<const HeadTile> queries_;
    std::array<const char*, 2 * max_group_tiles> tensors_; // keys, then values, of each key head
    std::size_t tensor_count_ = 0, tensor_ = 0;
    std::int64_t key_bytes_ = 0, row_bytes_ = 0;
    int rows_per_panel_ = 0, key_ = 0;
    std::size_t tile_ = 0, row_ = 0; // of the queries
};

// The same of up to `most` rows that lie anywhere.
template <int most> class RowPrefetcher {
public:
    RowPrefetcher(std::int64_t row_bytes, int panels) : row_bytes_(row_bytes), panels_(panels) {}
    void add(const void* row) { rows_[std::size_t(count_++)] = row; }
    int rows_per_panel() const { return (count_ + panels_ - 1) / panels_; }
    HWY_INLINE void fetch(int rows) {
        for (; rows > 0 && at_ < count_; --rows, ++at_) fetch_row<farther>(rows_[std::size_t(at_)], row_bytes_);
    }

private:
    std::array<const void*, std::size_t(most)> rows_;
    std::int64_t row_bytes_;
    int panels_, count_ = 0, at_ = 0;
};

// Beside one of so many products of a panel, of so many rows: as many with each micro-tile as it takes.
template <class Fetcher> class FetchBeside {
public:
    FetchBeside(Fetcher* prefetcher, std::int64_t product_rows, int products = 2) : prefetcher_(prefetcher) {
        const auto tiles = products * int((product_rows + micro_rows - 1) / micro_rows);
        if (prefetcher) rows_ = (prefetcher->rows_per_panel() + tiles - 1) / tiles;
    }
    HWY_INLINE void step() {
        if (prefetcher_) prefetcher_->fetch(rows_);
    }

private:
    Fetcher* prefetcher_; // null: nothing to fetch
    int rows_ = 0;
};

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
