// The dropout mask: known answers of its generator, its rate, and what it depends on.
#include "engine/dropout.h"
#include "tests/catch.h"
#include <cmath>

using namespace dilascope;

namespace {

struct Draw {
    std::uint64_t seed = 5;
    std::uint32_t row = 0;
    std::int64_t query = 0, key = 0;
};

// Of 512 × 64 pairs at rate one half, those whose fates differ. Not a lambda: the compiler would take one for constexpr
// and spend half a minute on it.
int differing(Draw one, Draw other) {
    int count = 0;
    for (std::int64_t query = 0; query < 512; ++query)
        for (std::int64_t key = 0; key < 64; ++key)
            count += is_kept({0.5, one.seed}, one.row, one.query + query, one.key + key) !=
                     is_kept({0.5, other.seed}, other.row, other.query + query, other.key + key);
    return count;
}

} // namespace

TEST_CASE("philox4x32 gives the known answers of Random123", "[dropout]") {
    CHECK(philox4x32({0, 0, 0, 0}, 0) == PhiloxWords{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    CHECK(philox4x32({~0u, ~0u, ~0u, ~0u}, ~0ull) == PhiloxWords{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
          PhiloxWords{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("dropout drops the share it is told, in every place of a group of keys", "[dropout]") {
    for (const double rate : {0.0, 0.01, 0.1, 0.5, 0.9}) {
        const Dropout dropout{rate, 77};
        std::int64_t dropped[8] = {}, total = 0;
        for (std::int64_t query = 0; query < 400; ++query)
            for (std::int64_t key = 0; key < 800; ++key) dropped[key % 8] += !is_kept(dropout, 3, query, key);
        const double pairs = 400 * 100, deviation = std::sqrt(pairs * rate * (1 - rate));
        for (const std::int64_t count : dropped) {
            CHECK(std::abs(double(count) - pairs * rate) <= 4.5 * deviation);
            total += count;
        }
        CHECK(std::abs(double(total) - 8 * pairs * rate) <= 4.5 * std::sqrt(8.0) * deviation);
        CHECK(double(dropout.keep_scale()) * (1 - double(dropout.threshold()) / 65536) == Approx(1));
    }
    CHECK(Dropout{}.is_off());
    CHECK(Dropout{}.keep_scale() == 1);
    CHECK(is_kept(Dropout{}, 0, 0, 0));
}

TEST_CASE("a pair's fate depends on the seed, the row, the query and the key, and on nothing else", "[dropout]") {
    constexpr std::int64_t beyond = std::int64_t{1} << 32; // positions past 32 bits are others
    CHECK(differing({}, {}) == 0);
    for (const Draw& other :
         {Draw{6}, Draw{5 + (std::uint64_t{1} << 32)}, Draw{5, 1}, Draw{5, 0, 1}, Draw{5, 0, 0, 1}, Draw{5, 0, 0, 2},
          Draw{5, 0, 0, 4}, Draw{5, 0, 0, 8}, Draw{5, 0, beyond}, Draw{5, 0, 0, 8 * beyond}}) {
        INFO(other.seed << " " << other.row << " " << other.query << " " << other.key);
        CHECK(std::abs(differing({}, other) - 16384) < 4.5 * 90.5); // √(32768/4)
    }
    CHECK(differing({5, 0, beyond, 0}, {5, 0, 0, 8 * beyond}) > 16384 - 4.5 * 90.5);
}
