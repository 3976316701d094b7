#include "engine/pattern/pixel_products.h"
#include "engine/vector_clones.h"
#include <bit>

namespace dilascope {

namespace {

// out[i] += weight · values[i]
VECTOR_CLONES void add_scaled(std::uint32_t* out, const std::int32_t* values, std::int32_t weight, std::size_t count) {
    for (std::size_t index = 0; index < count; ++index)
        out[index] += std::uint32_t(weight) * std::uint32_t(values[index]);
}
VECTOR_CLONES void add_scaled(std::uint64_t* out, const std::int32_t* values, std::int32_t weight, std::size_t count) {
    for (std::size_t index = 0; index < count; ++index)
        out[index] += std::uint64_t(std::int64_t(weight) * values[index]);
}

} // namespace

void PixelProducts::Histogram::move_to(std::vector<Entry>& entries) {
    for (std::int32_t at = low_word_; at <= high_word_; ++at) {
        const auto word = std::size_t(at);
        for (std::uint64_t bits = held_[word]; bits != 0; bits &= bits - 1) {
            const std::size_t pixel = word * 64 + std::size_t(std::countr_zero(bits));
            entries.push_back({std::int32_t(pixel), count_[pixel]});
            count_[pixel] = 0;
        }
        held_[word] = 0;
    }
    low_word_ = std::numeric_limits<std::int32_t>::max(), high_word_ = -1;
}

void PixelProducts::start(const RankPixels& rows, const RankPixels& keys, bool is_causal) {
    rows_ = &rows, keys_ = &keys, is_causal_ = is_causal;
    row_histogram_.start(rows.pixel_count()), key_histogram_.start(keys.pixel_count());
    is_done_.resize(std::size_t(rows.pixel_count()));
    earlier_.clear();
    for (std::int64_t row = 0; row < rows.pixel_count(); ++row)
        earlier_.push_back(is_causal ? keys.full_end(rows.pixel(row).begin) : keys.pixel_count());
    clear();
}

void PixelProducts::clear() { entries_.clear(), dense_.clear(), items_.clear(), cells_.clear(); }

PixelProducts::Span PixelProducts::append(const RankPixels& side, Histogram& histogram, Range ranks,
                                          Residues residues) {
    const std::size_t begin = entries_.size();
    side.for_each(ranks, residues, [&](std::int32_t pixel, std::int64_t) { histogram.add(pixel); });
    histogram.move_to(entries_);
    return {begin, entries_.size()};
}

void PixelProducts::add(const Product& product) {
    Item item{std::int32_t(product.sign), append(*rows_, row_histogram_, product.rows, product.residues), {}, 0, {}};
    if (item.rows.size() == 0) return;
    const bool is_square = rows_ == keys_ && product.rows == product.keys;
    item.keys = is_square ? item.rows : append(*keys_, key_histogram_, product.keys, product.residues);
    if (item.keys.size() == 0) return entries_.resize(item.rows.begin);
    add_dense(item);
    items_.push_back(item);
    if (is_causal_) add_diagonal(product, item);
}

// A list of pixels costs several times a row of them.
void PixelProducts::add_dense(Item& item) {
    item.low = entries_[item.keys.begin].pixel;
    const std::int64_t range = entries_[item.keys.end - 1].pixel - item.low + 1;
    if (range > 4 * std::int64_t(item.keys.size())) return;
    item.dense = {dense_.size(), dense_.size() + std::size_t(range)};
    dense_.resize(item.dense.end, 0);
    for (std::size_t index = item.keys.begin; index < item.keys.end; ++index)
        dense_[item.dense.begin + std::size_t(entries_[index].pixel - item.low)] = entries_[index].count;
}

template <class Sum> void PixelProducts::multiply(std::span<Sum> picture, int share, int shares) const {
    const auto is_own = [&](std::int32_t row) { return row / 8 % shares == share; }; // all threads busy anywhere
    for (const Item& item : items_)
        for (std::size_t index = item.rows.begin; index < item.rows.end; ++index)
            if (const Entry& row = entries_[index]; is_own(row.pixel))
                multiply(item, row, picture.data() + row.pixel * keys_->pixel_count());
    for (const Cell& cell : cells_)
        if (is_own(cell.row)) picture[std::size_t(cell.row * keys_->pixel_count() + cell.column)] += Sum(cell.count);
}
template void PixelProducts::multiply(std::span<std::uint32_t>, int, int) const;
template void PixelProducts::multiply(std::span<std::uint64_t>, int, int) const;

// Pixels whose keys all precede the row's queries; without causality all.
template <class Sum> void PixelProducts::multiply(const Item& item, const Entry& row, Sum* out) const {
    const std::int64_t end = earlier_[std::size_t(row.pixel)];
    const std::int32_t weight = item.sign * row.count;
    if (item.dense.size() > 0) {
        const std::int64_t count = std::min(std::int64_t(item.dense.size()), end - item.low);
        if (count > 0) add_scaled(out + item.low, dense_.data() + item.dense.begin, weight, std::size_t(count));
        return;
    }
    for (std::size_t index = item.keys.begin; index < item.keys.end && entries_[index].pixel < end; ++index)
        out[entries_[index].pixel] += Sum(std::int64_t(weight) * entries_[index].count);
}

// Pixels that the diagonal may cut. A set with itself in a pixel with itself has n(n+1)/2 pairs in order; in all others
// the tokens are compared.
void PixelProducts::add_diagonal(const Product& product, const Item& item) {
    const std::int32_t low = entries_[item.keys.begin].pixel, high = entries_[item.keys.end - 1].pixel;
    bool all_done = true;
    for (std::size_t index = item.rows.begin; index < item.rows.end; ++index) {
        const Entry row = entries_[index];
        const Range queries = rows_->pixel(row.pixel);
        const std::int64_t begin = earlier_[std::size_t(row.pixel)], end = keys_->full_end(queries.end - 1);
        const bool is_square = product.rows == product.keys && end == begin + 1 && begin < keys_->pixel_count() &&
                               keys_->pixel(begin) == queries;
        if (is_square)
            cells_.push_back(
                {row.pixel, std::int32_t(begin), item.sign * (std::int64_t(row.count) * (row.count + 1) / 2)});
        is_done_[std::size_t(row.pixel)] = is_square || begin > high || end + 1 <= low;
        all_done = all_done && is_done_[std::size_t(row.pixel)];
    }
    if (!all_done) add_cut_rows(product);
}

void PixelProducts::add_cut_rows(const Product& product) {
    queries_seen_.clear(), keys_seen_.clear();
    rows_->for_each(product.rows, product.residues, [&](std::int32_t row, std::int64_t rank) {
        if (!is_done_[std::size_t(row)]) queries_seen_.push_back(rows_->token(rank));
    });
    keys_->for_each(product.keys, product.residues,
                    [&](std::int32_t, std::int64_t rank) { keys_seen_.push_back(keys_->token(rank)); });
    std::ranges::sort(queries_seen_), std::ranges::sort(keys_seen_);
    for (std::size_t begin = 0; begin < queries_seen_.size();) {
        const std::int32_t row = rows_->pixel_of(queries_seen_[begin]);
        std::size_t end = begin;
        while (end < queries_seen_.size() && queries_seen_[end] < rows_->pixel(row).end) ++end;
        add_cut_row(std::span(queries_seen_).subspan(begin, end - begin), row, product.sign);
        begin = end;
    }
}

// The queries of one row with the keys from the first pixel on that does not precede them all.
void PixelProducts::add_cut_row(std::span<const std::int32_t> queries, std::int32_t row, std::int64_t sign) {
    std::int64_t column = earlier_[std::size_t(row)];
    if (column == keys_->pixel_count()) return;
    auto key = std::ranges::lower_bound(keys_seen_, keys_->pixel(column).begin);
    std::size_t before = 0; // queries that precede the key
    for (; key != keys_seen_.end() && *key <= queries.back(); ++column) {
        std::int64_t count = 0;
        for (; key != keys_seen_.end() && *key < keys_->pixel(column).end; ++key) {
            while (before < queries.size() && queries[before] < *key) ++before;
            count += std::int64_t(queries.size() - before);
        }
        if (count > 0) cells_.push_back({row, std::int32_t(column), sign * count});
    }
}

} // namespace dilascope
