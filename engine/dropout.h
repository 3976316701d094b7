#pragma once
// Dropout of attention weights by a counter: whether a pair is kept depends on the seed and on the pair alone, so that
// forward, backward, every backend and every number of threads agree without storing a mask.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). One call decides eight
// neighbouring keys by 16 bits each: counter (key / 8, query, key and query above 32 bits, batch·H + head), key = seed.
#include <array>
#include <cstdint>

namespace dilascope {

struct Dropout {
    double rate = 0; // share of weights dropped, 0 … 1 (exclusive); rounded to a multiple of 2^−16
    std::uint64_t seed = 0;
    // A pair is dropped when its 16 bits are below this.
    constexpr std::uint32_t threshold() const { return std::uint32_t(rate * 65536 + 0.5); }
    // What kept weights are multiplied by, so that their expectation stays.
    constexpr float keep_scale() const { return 1.0f / (1.0f - float(threshold()) / 65536.0f); }
    constexpr bool is_off() const { return threshold() == 0; }
};

using PhiloxWords = std::array<std::uint32_t, 4>;

constexpr PhiloxWords philox4x32(PhiloxWords counter, std::uint64_t seed) {
    std::uint32_t key0 = std::uint32_t(seed), key1 = std::uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = std::uint64_t(counter[0]) * 0xD2511F53u,
                            product1 = std::uint64_t(counter[2]) * 0xCD9E8D57u;
        counter = {std::uint32_t(product1 >> 32) ^ counter[1] ^ key0, std::uint32_t(product1),
                   std::uint32_t(product0 >> 32) ^ counter[3] ^ key1, std::uint32_t(product0)};
        key0 += 0x9E3779B9u, key1 += 0xBB67AE85u;
    }
    return counter;
}

// The counter of eight keys: `key_group` is key / 8; `query` is the query's position; `row` is batch·H + head.
constexpr PhiloxWords dropout_counter(std::uint32_t row, std::int64_t query, std::int64_t key_group) {
    return {std::uint32_t(key_group), std::uint32_t(query),
            std::uint32_t(key_group >> 32) << 16 | std::uint32_t(query >> 32), row};
}

// 16 bits of one key's place within its group of eight. Picked by comparisons: an index that is not constant would put
// a kernel's words in memory.
constexpr std::uint32_t dropout_bits(const PhiloxWords& words, int place) {
    const std::uint32_t low = place & 2 ? words[1] : words[0], high = place & 2 ? words[3] : words[2];
    return (place & 4 ? high : low) >> (place & 1) * 16 & 0xffff;
}

// Whether the weight of one pair is kept; a key that several branches share is kept or dropped in all of them.
constexpr bool is_kept(const Dropout& dropout, std::uint32_t row, std::int64_t query, std::int64_t key) {
    const PhiloxWords words = philox4x32(dropout_counter(row, query, key >> 3), dropout.seed);
    return dropout_bits(words, int(key & 7)) >= dropout.threshold();
}

} // namespace dilascope
