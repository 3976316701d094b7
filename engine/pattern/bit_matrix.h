#pragma once
// BitMatrix: a matrix of bits, rows of whole 64-bit words; and the runs of a row.
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace dilascope {

struct BitMatrix {
    std::int64_t rows = 0, columns = 0;
    std::vector<std::uint64_t> words;

    BitMatrix() = default;
    BitMatrix(std::int64_t row_count, std::int64_t column_count)
        : rows(row_count), columns(column_count), words(std::size_t(row_count * ((column_count + 63) / 64))) {}
    std::int64_t row_words() const { return (columns + 63) / 64; }
    std::span<std::uint64_t> row(std::int64_t index) {
        return {words.data() + index * row_words(), std::size_t(row_words())};
    }
    std::span<const std::uint64_t> row(std::int64_t index) const {
        return {words.data() + index * row_words(), std::size_t(row_words())};
    }
    bool at(std::int64_t row_index, std::int64_t column) const {
        return words[std::size_t(row_index * row_words() + column / 64)] >> (column % 64) & 1;
    }
    void set(std::int64_t row_index, std::int64_t column) {
        words[std::size_t(row_index * row_words() + column / 64)] |= std::uint64_t{1} << (column % 64);
    }
};

// Calls run(begin, end) for each run of adjacent set bits.
template <class Run> void for_each_run(std::span<const std::uint64_t> words, Run run) {
    std::int64_t begin = -1;
    for (std::size_t index = 0; index <= words.size(); ++index) {
        const std::uint64_t word = index < words.size() ? words[index] : 0;
        const std::int64_t base = std::int64_t(index) * 64;
        for (int bit = 0; bit < 64;) {
            const std::uint64_t rest = word >> bit;
            const int length = begin < 0 ? std::countr_zero(rest) : std::countr_one(rest);
            bit += length;
            if (bit >= 64) break;
            if (begin >= 0) run(begin, base + bit);
            begin = begin < 0 ? base + bit : -1;
        }
    }
}

} // namespace dilascope
