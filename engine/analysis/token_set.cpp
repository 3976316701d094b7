#include "engine/analysis/token_set.h"
#include <algorithm>
#include <tuple>

namespace dilascope {

static std::uint64_t bits_from(std::int64_t bit) { return ~std::uint64_t{0} << bit; }      // bit, bit + 1, …
static std::uint64_t bits_to(std::int64_t bit) { return ~std::uint64_t{0} >> (63 - bit); } // 0, …, bit

void TokenSet::insert_run(std::int64_t first, std::int64_t stride, std::int64_t count) {
    if (count <= 0) return;
    if (stride > 1) {
        for (std::int64_t index = 0; index < count; ++index) insert(first + index * stride);
        return;
    }
    const std::int64_t last = first + count - 1;
    const std::size_t first_word = std::size_t(first >> 6), last_word = std::size_t(last >> 6);
    if (first_word == last_word) {
        words_[first_word] |= bits_from(first & 63) & bits_to(last & 63);
        return;
    }
    words_[first_word] |= bits_from(first & 63);
    std::fill(words_.begin() + std::ptrdiff_t(first_word) + 1, words_.begin() + std::ptrdiff_t(last_word),
              ~std::uint64_t{0});
    words_[last_word] |= bits_to(last & 63);
}

void TokenSet::insert_all(const TokenSet& other) { insert_all(other, {0, tokens_}); }

void TokenSet::insert_all(const TokenSet& other, Range within) {
    const std::size_t end = std::size_t((within.end + 63) / 64);
    for (std::size_t word = std::size_t(within.begin / 64); word < end; ++word) words_[word] |= other.words_[word];
}

void TokenSet::remove_all(const TokenSet& other) {
    for (std::size_t word = 0; word < words_.size(); ++word) words_[word] &= ~other.words_[word];
}

void TokenSet::clear() { std::ranges::fill(words_, 0); }

std::int64_t TokenSet::count() const { return count_in({0, tokens_}); }

std::int64_t TokenSet::count_in(Range range) const {
    range = intersect(range, {0, tokens_});
    if (range.size() == 0) return 0;
    const std::int64_t last = range.end - 1;
    std::int64_t count = 0;
    for (std::int64_t word = range.begin >> 6; word <= last >> 6; ++word) {
        std::uint64_t bits = words_[std::size_t(word)];
        if (word == range.begin >> 6) bits &= bits_from(range.begin & 63);
        if (word == last >> 6) bits &= bits_to(last & 63);
        count += std::popcount(bits);
    }
    return count;
}

bool TokenSet::is_empty() const {
    return std::ranges::all_of(words_, [](std::uint64_t word) { return word == 0; });
}

bool TokenSet::touches(Range range) const {
    range = intersect(range, {0, tokens_});
    if (range.size() == 0) return false;
    const std::size_t first = std::size_t(range.begin >> 6), last = std::size_t((range.end - 1) >> 6);
    const std::uint64_t from = bits_from(range.begin & 63), to = bits_to((range.end - 1) & 63);
    if (first == last) return (words_[first] & from & to) != 0;
    if ((words_[first] & from) != 0 || (words_[last] & to) != 0) return true;
    for (std::size_t word = first + 1; word < last; ++word)
        if (words_[word] != 0) return true;
    return false;
}

Range TokenSet::span() const {
    const std::int64_t first = next(0, true);
    if (first >= tokens_) return {0, 0};
    std::size_t last = words_.size() - 1;
    while (words_[last] == 0) --last;
    return {first, std::int64_t(last) * 64 + 64 - std::countl_zero(words_[last])};
}

std::int64_t TokenSet::next(std::int64_t token, bool member) const {
    if (token >= tokens_) return tokens_;
    const std::uint64_t flip = member ? 0 : ~std::uint64_t{0};
    std::size_t word = std::size_t(token >> 6);
    std::uint64_t bits = (words_[word] ^ flip) & bits_from(token & 63);
    while (bits == 0) {
        if (++word == words_.size()) return tokens_;
        bits = words_[word] ^ flip;
    }
    return std::min(tokens_, std::int64_t(word) * 64 + std::countr_zero(bits));
}

void RunCollector::add(std::int64_t first, std::int64_t stride, std::int64_t count) {
    if (count <= 0) return;
    if (count == 1) stride = 1;
    const std::int64_t begin = first / stride;
    runs_.push_back({stride, first % stride, begin, begin + count});
    if (runs_.size() < merge_at_) return;
    merge();
    merge_at_ = std::max(merge_at_, 2 * runs_.size());
}

void RunCollector::merge() {
    std::ranges::sort(runs_, {}, [](const Run& run) { return std::tuple(run.stride, run.residue, run.begin); });
    std::size_t kept = 0;
    for (std::size_t index = 1; index < runs_.size(); ++index) {
        Run& last = runs_[kept];
        const Run& run = runs_[index];
        if (run.stride == last.stride && run.residue == last.residue && run.begin <= last.end)
            last.end = std::max(last.end, run.end);
        else
            runs_[++kept] = run;
    }
    if (!runs_.empty()) runs_.resize(kept + 1);
}

void RunCollector::insert_into(TokenSet& set) {
    merge();
    for (const Run& run : runs_) set.insert_run(run.residue + run.begin * run.stride, run.stride, run.end - run.begin);
    runs_.clear();
}

} // namespace dilascope
