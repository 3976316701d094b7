#pragma once
// Periods of several repetitions together.
#include <cstdint>
#include <numeric>

namespace dilascope {

// The least common multiple of two lengths ≥ 1, or `most` when it is longer: what comes after need not be looked at.
inline std::int64_t common_multiple(std::int64_t a, std::int64_t b, std::int64_t most) {
    const std::int64_t step = b / std::gcd(a, b);
    return step > most / a ? most : a * step;
}

} // namespace dilascope
