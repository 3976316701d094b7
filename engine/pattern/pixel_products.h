#pragma once
// PixelProducts: products of a pattern along a curve as histograms over the pixels of a picture's two sides, made
// product by product and multiplied into the picture row by row of pixels.
#include "engine/pattern/products.h"
#include "engine/pattern/rank_pixels.h"
#include <limits>

namespace dilascope {

class PixelProducts {
public:
    // Starts a picture without products; its memory is that of the picture before. `keys` may be the same object as
    // `rows`; both must stay until the next.
    void start(const RankPixels& rows, const RankPixels& keys, bool is_causal);

    // Adds a product, unless it meets no pixel.
    void add(const Product& product);
    // Adds the pairs of all products to the picture, in one of `shares` shares of its rows. Sum: uint32_t or uint64_t;
    // sums are right when the pairs of each pixel fit, however large they were on the way.
    template <class Sum> void multiply(std::span<Sum> picture, int share, int shares) const;
    void clear();
    // Numbers held.
    std::size_t size() const { return entries_.size() + dense_.size() + cells_.size(); }

private:
    struct Entry {
        std::int32_t pixel, count;
    };
    struct Span {
        std::size_t begin = 0, end = 0;
        std::size_t size() const { return end - begin; }
    };
    // A product that was added.
    struct Item {
        std::int32_t sign = 1;
        Span rows, keys;      // of entries_
        std::int32_t low = 0; // the keys' first pixel
        Span dense;           // of dense_: the keys' counts from that pixel on, when they leave few pixels out
    };
    // Pairs of a pixel that the diagonal cuts.
    struct Cell {
        std::int32_t row, column;
        std::int64_t count;
    };
    class Histogram {
    public:
        void start(std::int64_t pixels) {
            count_.assign(std::size_t(pixels), 0), held_.assign(std::size_t(pixels + 63) / 64, 0);
        }
        void add(std::int32_t pixel) {
            if (count_[std::size_t(pixel)]++ > 0) return;
            const std::int32_t word = pixel / 64;
            held_[std::size_t(word)] |= std::uint64_t{1} << pixel % 64;
            low_word_ = std::min(low_word_, word), high_word_ = std::max(high_word_, word);
        }
        // Appends the counts, pixels ascending, and forgets them.
        void move_to(std::vector<Entry>& entries);

    private:
        std::vector<std::int32_t> count_;
        std::vector<std::uint64_t> held_; // bits of the pixels whose count is not 0
        std::int32_t low_word_ = std::numeric_limits<std::int32_t>::max(), high_word_ = -1; // that are not 0
    };
    Span append(const RankPixels& side, Histogram& histogram, Range ranks, Residues residues);
    void add_dense(Item& item);
    template <class Sum> void multiply(const Item& item, const Entry& row, Sum* out) const;
    void add_diagonal(const Product& product, const Item& item);
    void add_cut_rows(const Product& product);
    void add_cut_row(std::span<const std::int32_t> queries, std::int32_t row, std::int64_t sign);

    const RankPixels *rows_ = nullptr, *keys_ = nullptr;
    bool is_causal_ = false;
    std::vector<std::int64_t> earlier_; // of each row: leading pixels whose keys all precede its queries
    Histogram row_histogram_, key_histogram_;
    std::vector<Entry> entries_;
    std::vector<std::int32_t> dense_;
    std::vector<Item> items_;
    std::vector<Cell> cells_;
    // Of the product at hand: rows whose diagonal is counted; tokens in the others' pixels, ascending.
    std::vector<char> is_done_;
    std::vector<std::int32_t> queries_seen_, keys_seen_;
};

} // namespace dilascope
