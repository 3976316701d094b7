#include "engine/pattern/permuted_count.h"
#include "engine/order/order_tables.h"
#include "engine/pattern/products.h"
#include <algorithm>

namespace dilascope {

namespace {

// A token that lies in a pixel of one side of the picture.
struct Seen {
    std::int32_t pixel;
    std::int32_t token;
};

// One side of the picture: which pixel each token lies in.
class Side {
public:
    Side(std::span<const std::int64_t> edges, const std::vector<std::int32_t>& token_of_rank)
        : begin_(edges.front()), end_(edges.back()), token_of_rank_(token_of_rank) {
        pixel_of_.reserve(std::size_t(end_ - begin_));
        for (std::size_t pixel = 0; pixel + 1 < edges.size(); ++pixel)
            pixel_of_.insert(pixel_of_.end(), std::size_t(edges[pixel + 1] - edges[pixel]), std::int32_t(pixel));
        const auto tokens = std::int64_t(token_of_rank.size());
        is_sparse_ = (end_ - begin_) * 16 < tokens;
        if (!is_sparse_) return;
        for (std::int64_t rank = 0; rank < tokens; ++rank)
            if (holds(token_of_rank[std::size_t(rank)])) ranks_.push_back(std::int32_t(rank));
    }

    // Appends the tokens of the class whose ranks lie in the range.
    void collect(Range ranks, Residues residues, std::vector<Seen>& seen) const {
        if (is_sparse_) {
            auto rank = std::lower_bound(ranks_.begin(), ranks_.end(), ranks.begin);
            for (; rank != ranks_.end() && *rank < ranks.end; ++rank)
                if (*rank % residues.modulus == residues.residue) push(*rank, seen);
            return;
        }
        for (std::int64_t rank = residues.residue + first_index(residues, ranks.begin) * residues.modulus;
             rank < ranks.end; rank += residues.modulus)
            push(rank, seen);
    }
    // False when no token of these ranks can be in the picture.
    bool may_hold(Range ranks) const {
        if (!is_sparse_) return end_ > begin_;
        const auto rank = std::lower_bound(ranks_.begin(), ranks_.end(), ranks.begin);
        return rank != ranks_.end() && *rank < ranks.end;
    }

private:
    bool holds(std::int64_t token) const { return begin_ <= token && token < end_; }
    void push(std::int64_t rank, std::vector<Seen>& seen) const {
        const std::int32_t token = token_of_rank_[std::size_t(rank)];
        if (holds(token)) seen.push_back({pixel_of_[std::size_t(token - begin_)], token});
    }
    std::int64_t begin_, end_;
    const std::vector<std::int32_t>& token_of_rank_;
    std::vector<std::int32_t> pixel_of_; // of token − begin
    bool is_sparse_ = false;
    std::vector<std::int32_t> ranks_; // of the visible tokens, ascending, when they are few
};

// How many tokens each pixel of a side holds.
struct Histogram {
    std::vector<std::int64_t> count; // all 0 between uses
    std::vector<std::int32_t> pixels;
    std::int32_t low = 0, high = -1; // pixels that are not 0 lie in low … high

    void fill(std::span<const Seen> seen) {
        for (const Seen& one : seen)
            if (count[std::size_t(one.pixel)]++ == 0) pixels.push_back(one.pixel);
        low = high = pixels.empty() ? 0 : pixels.front();
        for (std::int32_t pixel : pixels) low = std::min(low, pixel), high = std::max(high, pixel);
        if (pixels.empty()) high = -1;
    }
    void clear() {
        for (std::int32_t pixel : pixels) count[std::size_t(pixel)] = 0;
        pixels.clear();
    }
};

// One thread's sums.
class Counter {
public:
    Counter(std::span<const std::int64_t> q_edges, std::span<const std::int64_t> k_edges, bool causal)
        : q_edges_(q_edges), k_edges_(k_edges), causal_(causal), columns_(k_edges.size() - 1),
          counts_((q_edges.size() - 1) * columns_) {
        rows_.count.assign(q_edges.size() - 1, 0);
        keys_.count.assign(columns_, 0);
    }

    void add(const Product& product, const Side& q_side, const Side& k_side) {
        q_seen_.clear(), k_seen_.clear();
        q_side.collect(product.rows, product.residues, q_seen_);
        if (q_seen_.empty()) return;
        k_side.collect(product.keys, product.residues, k_seen_);
        if (k_seen_.empty()) return;
        rows_.fill(q_seen_), keys_.fill(k_seen_);
        for (std::int32_t row : rows_.pixels) {
            // Causal: pixels whose keys all precede the row's first query count in full.
            const std::int64_t bound = causal_ ? full_end(q_edges_[std::size_t(row)]) : std::int64_t(columns_);
            add_row(row, product.sign * rows_.count[std::size_t(row)], std::min<std::int64_t>(keys_.high + 1, bound));
        }
        if (causal_) add_mixed(product.sign);
        rows_.clear(), keys_.clear();
    }

    std::span<const std::int64_t> counts() const { return counts_; }

private:
    // Pixels before it hold only keys ≤ the token.
    std::int64_t full_end(std::int64_t token) const {
        const auto after = std::upper_bound(k_edges_.begin() + 1, k_edges_.end(), token + 1);
        return after - k_edges_.begin() - 1;
    }

    void add_row(std::int32_t row, std::int64_t weight, std::int64_t end) {
        std::int64_t* out = counts_.data() + std::size_t(row) * columns_;
        const std::int64_t* keys = keys_.count.data();
        for (std::int64_t column = keys_.low; column < end; ++column) out[column] += weight * keys[column];
    }

    // Pixels that the diagonal may cut: each query counts the full pixels beyond its row's, and part of its own.
    void add_mixed(std::int64_t sign) {
        std::ranges::sort(k_seen_, {}, &Seen::token);
        for (const Seen& query : q_seen_) {
            std::int64_t* out = counts_.data() + std::size_t(query.pixel) * columns_;
            std::int64_t column = std::max<std::int64_t>(full_end(q_edges_[std::size_t(query.pixel)]), keys_.low);
            const std::int64_t own = full_end(query.token);
            for (; column < std::min<std::int64_t>(own, keys_.high + 1); ++column)
                out[column] += sign * keys_.count[std::size_t(column)];
            if (own < keys_.low || own > keys_.high || k_edges_[std::size_t(own)] > query.token) continue;
            const auto begin = std::ranges::lower_bound(k_seen_, k_edges_[std::size_t(own)], {}, &Seen::token);
            const auto end = std::ranges::upper_bound(k_seen_, query.token, {}, &Seen::token);
            out[own] += sign * (end - begin);
        }
    }

    std::span<const std::int64_t> q_edges_, k_edges_;
    bool causal_;
    std::size_t columns_;
    std::vector<std::int64_t> counts_;
    std::vector<Seen> q_seen_, k_seen_;
    Histogram rows_, keys_;
};

} // namespace

void count_permuted(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what,
                    std::span<const std::int64_t> q_edges, std::span<const std::int64_t> k_edges,
                    std::span<std::int64_t> counts) {
    Problem ranks = problem;
    ranks.seq_len = ranks.kv_len, ranks.causal = false;
    const OrderTable token_of_rank = shared_tokens_by_rank(pattern.order, problem.kv_len);
    const Side q_side(q_edges, *token_of_rank), k_side(k_edges, *token_of_rank);
    const Products products(pattern.kind, ranks, head, what);
    const std::int64_t groups = products.group_count();
#pragma omp parallel if (groups > 1)
    {
        Counter counter(q_edges, k_edges, problem.causal);
        std::vector<Product> list;
#pragma omp for schedule(dynamic)
        for (std::int64_t group = 0; group < groups; ++group) {
            if (!q_side.may_hold(products.rows(group))) continue;
            products.list(group, list);
            for (const Product& product : list) counter.add(product, q_side, k_side);
        }
#pragma omp critical
        for (std::size_t pixel = 0; pixel < counts.size(); ++pixel) counts[pixel] += counter.counts()[pixel];
    }
}

} // namespace dilascope
