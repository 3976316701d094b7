#pragma once
// Compare: whether one set of timing samples is slower than another, and by how much, without assuming a distribution.
#include "engine/result.h"
#include <span>

namespace dilascope {

struct Comparison {
    double shift = 0; // Hodges–Lehmann: median of all differences (now − before), units of the samples
    double shift_ci_low = 0, shift_ci_high = 0; // 95 % confidence interval of the shift
    double shift_pct = 0;                       // of the median before
    double p = 1; // two-sided Mann–Whitney U test (normal approximation, ties corrected)
    const char* words() const { return p >= 0.05 ? "no evidence" : shift > 0 ? "slower" : "faster"; }
};

// Fewer samples than this on either side are refused: the test could hardly ever tell.
inline constexpr int min_compared_samples = 9;

Result<Comparison> compare_samples(std::span<const double> before, std::span<const double> now);

} // namespace dilascope
