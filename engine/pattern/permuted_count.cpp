#include "engine/order/order_tables.h"
#include "engine/pattern/permuted_count.h"
#include "engine/pattern/products.h"
#include "engine/vector_clones.h"
#include <algorithm>
#include <optional>

namespace dilascope {

namespace {

// out[i] += weight · values[i]
VECTOR_CLONES void add_scaled(std::int64_t* out, const std::int32_t* values, std::int64_t weight, std::int64_t count) {
    for (std::int64_t index = 0; index < count; ++index) out[index] += weight * values[index];
}

constexpr std::int32_t no_pixel = -1;
constexpr std::int64_t few_tokens = 1 << 14; // for which threads cost more than they save

// One side of the picture: which pixel the token of each rank lies in.
class Side {
public:
    Side(std::span<const std::int64_t> edges, const std::vector<std::int32_t>& token_of_rank)
        : edges_(edges), token_of_rank_(token_of_rank) {
        const std::int64_t begin = edges.front(), end = edges.back(), tokens = std::int64_t(token_of_rank.size());
        std::vector<std::int32_t> pixel_of_token(std::size_t(end - begin));
        for (std::size_t pixel = 0; pixel + 1 < edges.size(); ++pixel)
            std::fill(pixel_of_token.begin() + (edges[pixel] - begin),
                      pixel_of_token.begin() + (edges[pixel + 1] - begin), std::int32_t(pixel));
        const auto pixel_of = [&](std::int64_t rank) {
            const std::int64_t offset = token_of_rank[std::size_t(rank)] - begin;
            return offset < 0 || offset >= end - begin ? no_pixel : pixel_of_token[std::size_t(offset)];
        };
        is_sparse_ = (end - begin) * 16 < tokens;
        if (!is_sparse_) {
            pixel_of_rank_.resize(std::size_t(tokens));
#pragma omp parallel for schedule(static) if (tokens > few_tokens)
            for (std::int64_t rank = 0; rank < tokens; ++rank) pixel_of_rank_[std::size_t(rank)] = pixel_of(rank);
            return;
        }
        for (std::int64_t rank = 0; rank < tokens; ++rank)
            if (const std::int32_t pixel = pixel_of(rank); pixel != no_pixel)
                ranks_.push_back(std::int32_t(rank)), pixels_.push_back(pixel);
    }

    // Calls visit(pixel, rank) for the visible tokens of the class whose ranks lie in the range.
    template <class Visit> void for_each(Range ranks, Residues residues, Visit visit) const {
        if (is_sparse_) {
            auto at = std::size_t(std::lower_bound(ranks_.begin(), ranks_.end(), ranks.begin) - ranks_.begin());
            for (; at < ranks_.size() && ranks_[at] < ranks.end; ++at)
                if (ranks_[at] % residues.modulus == residues.residue) visit(pixels_[at], std::int64_t(ranks_[at]));
            return;
        }
        for (std::int64_t rank = residues.residue + first_index(residues, ranks.begin) * residues.modulus;
             rank < ranks.end; rank += residues.modulus)
            if (const std::int32_t pixel = pixel_of_rank_[std::size_t(rank)]; pixel != no_pixel) visit(pixel, rank);
    }
    // False when no token of these ranks is in the picture; true when one may be.
    bool may_hold(Range ranks) const {
        if (!is_sparse_) return true;
        const auto rank = std::lower_bound(ranks_.begin(), ranks_.end(), ranks.begin);
        return rank != ranks_.end() && *rank < ranks.end;
    }
    std::int32_t token(std::int64_t rank) const { return token_of_rank_[std::size_t(rank)]; }
    Range pixel(std::int64_t index) const { return {edges_[std::size_t(index)], edges_[std::size_t(index) + 1]}; }
    std::int64_t pixel_count() const { return std::int64_t(edges_.size()) - 1; }
    // Pixels before it hold only tokens ≤ the given one.
    std::int64_t full_end(std::int64_t token) const {
        return std::upper_bound(edges_.begin() + 1, edges_.end(), token + 1) - edges_.begin() - 1;
    }

private:
    std::span<const std::int64_t> edges_;
    const std::vector<std::int32_t>& token_of_rank_;
    bool is_sparse_ = false;                  // few tokens are visible: they are listed
    std::vector<std::int32_t> pixel_of_rank_; // of all ranks, no_pixel outside
    std::vector<std::int32_t> ranks_, pixels_;
};

// How many tokens each pixel of a side holds.
struct Histogram {
    std::vector<std::int32_t> count; // all 0 between uses
    std::vector<std::int32_t> pixels;
    std::int32_t low = 0, high = -1; // pixels that are not 0 lie in low … high

    void fill(const Side& side, Range ranks, Residues residues) {
        side.for_each(ranks, residues, [&](std::int32_t pixel, std::int64_t) {
            if (count[std::size_t(pixel)]++ == 0) pixels.push_back(pixel);
        });
        if (pixels.empty()) return;
        low = *std::ranges::min_element(pixels), high = *std::ranges::max_element(pixels);
    }
    void clear() {
        for (std::int32_t pixel : pixels) count[std::size_t(pixel)] = 0;
        pixels.clear();
    }
};

// One thread's sums.
class Counter {
public:
    Counter(const Side& q_side, const Side& k_side, bool causal)
        : q_side_(q_side), k_side_(k_side), causal_(causal), counts_(scratch()) {
        counts_.assign(std::size_t(q_side.pixel_count() * k_side.pixel_count()), 0);
        rows_.count.assign(std::size_t(q_side.pixel_count()), 0);
        keys_.count.assign(std::size_t(k_side.pixel_count()), 0);
        is_done_.assign(rows_.count.size(), 0);
    }

    void add(const Product& product) {
        rows_.fill(q_side_, product.rows, product.residues);
        if (!rows_.pixels.empty()) keys_.fill(k_side_, product.keys, product.residues);
        if (!keys_.pixels.empty()) {
            for (std::int32_t row : rows_.pixels) add_row(row, product.sign);
            if (causal_) add_diagonal(product);
            keys_.clear();
        }
        rows_.clear();
    }

    std::span<const std::int64_t> counts() const { return counts_; }

private:
    // Kept by the thread from picture to picture: fresh pages cost as much as the counting.
    static std::vector<std::int64_t>& scratch() {
        thread_local std::vector<std::int64_t> counts;
        return counts;
    }
    std::int64_t* row_counts(std::int64_t row) { return counts_.data() + row * k_side_.pixel_count(); }

    // Pixels whose keys all precede the row's queries; without causality all.
    void add_row(std::int32_t row, std::int64_t sign) {
        std::int64_t end = keys_.high + 1;
        if (causal_) end = std::min(end, k_side_.full_end(q_side_.pixel(row).begin));
        add_scaled(row_counts(row) + keys_.low, keys_.count.data() + keys_.low, sign * rows_.count[std::size_t(row)],
                   end - keys_.low);
    }

    // Pixels that the diagonal may cut. A set with itself in a pixel with itself has n(n+1)/2 pairs in order; all
    // others are counted query by query.
    void add_diagonal(const Product& product) {
        bool all_done = true;
        for (std::int32_t row : rows_.pixels) {
            const Range queries = q_side_.pixel(row);
            const std::int64_t begin = k_side_.full_end(queries.begin), end = k_side_.full_end(queries.end - 1);
            const bool is_square = product.rows == product.keys && end == begin + 1 && begin < k_side_.pixel_count() &&
                                   k_side_.pixel(begin) == queries;
            const std::int64_t n = rows_.count[std::size_t(row)];
            if (is_square)
                row_counts(row)[begin] += product.sign * (n * (n + 1) / 2);
            else
                all_done = all_done && (begin > keys_.high || end + 1 <= keys_.low);
            is_done_[std::size_t(row)] = is_square;
        }
        if (!all_done) add_queries(product);
    }

    void add_queries(const Product& product) {
        keys_seen_.clear();
        k_side_.for_each(product.keys, product.residues,
                         [&](std::int32_t, std::int64_t rank) { keys_seen_.push_back(k_side_.token(rank)); });
        std::ranges::sort(keys_seen_);
        q_side_.for_each(product.rows, product.residues, [&](std::int32_t row, std::int64_t rank) {
            if (!is_done_[std::size_t(row)]) add_query(row, q_side_.token(rank), product.sign);
        });
    }

    void add_query(std::int32_t row, std::int64_t query, std::int64_t sign) {
        std::int64_t* out = row_counts(row);
        const std::int64_t own = k_side_.full_end(query); // the first pixel that may hold later keys
        std::int64_t column = std::max<std::int64_t>(k_side_.full_end(q_side_.pixel(row).begin), keys_.low);
        for (; column < std::min<std::int64_t>(own, keys_.high + 1); ++column)
            out[column] += sign * keys_.count[std::size_t(column)];
        if (own < keys_.low || own > keys_.high) return;
        const auto begin = std::ranges::lower_bound(keys_seen_, k_side_.pixel(own).begin);
        const auto end = std::ranges::upper_bound(keys_seen_, query);
        out[own] += sign * std::max<std::int64_t>(0, end - begin);
    }

    const Side &q_side_, &k_side_;
    bool causal_;
    std::vector<std::int64_t>& counts_;
    Histogram rows_, keys_;
    std::vector<char> is_done_;           // pixel rows whose diagonal is counted, of the product at hand
    std::vector<std::int32_t> keys_seen_; // tokens, ascending
};

} // namespace

void count_permuted(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what,
                    const PixelGrid& picture, const RowDone& done) {
    const std::span<const std::int64_t> q_edges = picture.rows, k_edges = picture.columns;
    std::vector<std::int64_t> counts(std::size_t(picture.row_count() * picture.column_count()), 0);
    Problem ranks = problem;
    ranks.seq_len = ranks.kv_len, ranks.causal = false;
    const OrderTable token_of_rank = shared_tokens_by_rank(pattern.order, problem.kv_len);
    const Side q_side(q_edges, *token_of_rank);
    const bool is_square = std::ranges::equal(q_edges, k_edges);
    const std::optional<Side> other =
        is_square ? std::nullopt : std::optional<Side>(std::in_place, k_edges, *token_of_rank);
    const Side& k_side = is_square ? q_side : *other;
    const Products products(pattern.kind, ranks, head, what);
    const std::int64_t groups = products.group_count();
#pragma omp parallel if (groups > 1 && problem.kv_len > few_tokens)
    {
        Counter counter(q_side, k_side, problem.causal);
        std::vector<Product> list;
#pragma omp for schedule(dynamic)
        for (std::int64_t group = 0; group < groups; ++group) {
            if (!q_side.may_hold(products.rows(group))) continue;
            products.list(group, list);
            for (const Product& product : list) counter.add(product);
        }
#pragma omp critical
        for (std::size_t pixel = 0; pixel < counts.size(); ++pixel) counts[pixel] += counter.counts()[pixel];
    }
    for (std::int64_t row = 0; row < picture.row_count(); ++row)
        done(row, std::span<const std::int64_t>(counts).subspan(std::size_t(row * picture.column_count()),
                                                                std::size_t(picture.column_count())));
}

} // namespace dilascope
