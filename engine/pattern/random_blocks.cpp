#include "engine/pattern/random_blocks.h"
#include <bit>
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr int density_bits = 24;

std::uint64_t row_key(const RandomBlocks& part, std::int64_t head, std::int64_t row) {
    return hashed(hashed(std::uint64_t(part.seed), part.per_head ? std::uint64_t(head) : 0), std::uint64_t(row));
}

// 64 bits, each one with probability threshold / 2^24. Horner's scheme on the threshold's binary digits: or-ing a fair
// word maps p to (1 + p)/2, and-ing to p/2.
std::uint64_t biased_word(std::uint64_t key, std::uint64_t threshold) {
    if (threshold == 0) return 0;
    if (threshold >> density_bits) return ~std::uint64_t{0};
    std::uint64_t word = 0;
    for (int digit = std::countr_zero(threshold); digit < density_bits; ++digit) {
        const std::uint64_t fair = hashed(key, std::uint64_t(digit));
        word = threshold >> digit & 1 ? word | fair : word & fair;
    }
    return word;
}

std::uint64_t threshold_of(const RandomBlocks& part) {
    return std::uint64_t(std::llround(part.density * double(std::uint64_t{1} << density_bits)));
}

} // namespace

Result<void> validate_irregular(std::string_view name, std::int64_t block, const Problem& problem) {
    const BlockGrid grid = block_grid(block, problem);
    if (grid.count <= max_irregular_rows) return {};
    return fail(fmt::format("{}: {} tokens are {} blocks of {}; at most {} block rows can be drawn exactly, so use "
                            "block={} or more",
                            name, problem.kv_len, grid.count, block, max_irregular_rows,
                            (problem.kv_len + max_irregular_rows - 1) / max_irregular_rows));
}

Result<void> validate(const RandomBlocks& part, const Problem& problem) {
    if (!(part.density >= 0 && part.density <= 1))
        return fail(fmt::format("random: density is {}; expected 0 … 1", part.density));
    if (part.seed < 0) return fail(fmt::format("random: seed is {}; expected 0 or more", part.seed));
    return validate_irregular("random", part.block, problem);
}

BranchSet branches(const RandomBlocks& part, const BlockGrid&, std::int64_t head, std::int64_t row,
                   std::int64_t column) {
    const std::uint64_t key = hashed(row_key(part, head, row), std::uint64_t(column / 64));
    return biased_word(key, threshold_of(part)) >> (column % 64) & 1;
}

void fill_row(const RandomBlocks& part, const BlockGrid& grid, std::int64_t head, int, std::int64_t row,
              std::span<std::uint64_t> words) {
    const std::uint64_t key = row_key(part, head, row), threshold = threshold_of(part);
    for (std::size_t word = 0; word < words.size(); ++word) words[word] |= biased_word(hashed(key, word), threshold);
    if (grid.count % 64 != 0) words.back() &= (std::uint64_t{1} << grid.count % 64) - 1; // no block beyond the last
}

} // namespace dilascope
