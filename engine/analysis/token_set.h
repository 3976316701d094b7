#pragma once
// TokenSet: a set of tokens (or distances) as bits, filled by runs.
#include "engine/pattern/pairs.h"
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace dilascope {

class TokenSet {
public:
    explicit TokenSet(std::int64_t tokens) : tokens_(tokens), words_(std::size_t((tokens + 63) / 64), 0) {}

    std::int64_t tokens() const { return tokens_; }
    std::span<const std::uint64_t> words() const { return words_; }
    bool contains(std::int64_t token) const { return words_[std::size_t(token >> 6)] >> (token & 63) & 1; }
    void insert(std::int64_t token) { words_[std::size_t(token >> 6)] |= std::uint64_t{1} << (token & 63); }
    // first, first + stride, …, `count` of them, all within [0, tokens).
    void insert_run(std::int64_t first, std::int64_t stride, std::int64_t count);
    void insert_all(const TokenSet& other);               // of the same size
    void insert_all(const TokenSet& other, Range within); // `within`: tokens that hold all members of the other
    void remove_all(const TokenSet& other);
    void clear();
    std::int64_t count() const;
    std::int64_t count_in(Range range) const;
    bool is_empty() const;
    bool touches(Range range) const; // some member lies in the range (clipped to the tokens)
    friend bool operator==(const TokenSet&, const TokenSet&) = default;

    Range span() const; // from the first to the last member (end exclusive)

    // Calls visit(token) for each member in ascending order.
    template <class Visit> void for_each(Visit&& visit) const {
        for (std::size_t word = 0; word < words_.size(); ++word)
            for (std::uint64_t bits = words_[word]; bits != 0; bits &= bits - 1)
                visit(std::int64_t(word) * 64 + std::countr_zero(bits));
    }
    // Calls visit(range) for each longest range of tokens that are not members, in ascending order.
    template <class Visit> void for_each_hole(Visit&& visit) const {
        for (std::int64_t token = next(0, false); token < tokens_;) {
            const std::int64_t end = next(token, true);
            visit(Range{token, end});
            token = next(end, false);
        }
    }

private:
    std::int64_t next(std::int64_t token, bool member) const; // first token ≥ `token` that is (not) a member

    std::int64_t tokens_;
    std::vector<std::uint64_t> words_;
};

// Collects strided runs and inserts their union at once: runs of one stride and residue that touch are merged, so that
// many tiles reading the same keys cost no more than one.
class RunCollector {
public:
    void add(std::int64_t first, std::int64_t stride, std::int64_t count);
    void insert_into(TokenSet& set); // and forgets the runs

private:
    struct Run {
        std::int64_t stride, residue, begin, end; // residue + stride·index for begin ≤ index < end
    };
    void merge();

    std::vector<Run> runs_;
    std::size_t merge_at_ = 1 << 12;
};

} // namespace dilascope
