#pragma once
// Robust statistics of timing samples.
#include <span>
#include <vector>

namespace dilascope {

struct Summary {
    int count = 0;
    double min = 0, median = 0;
    double mad = 0; // median absolute deviation, not scaled by 1.4826
    double p5 = 0, p95 = 0;
    double ci_low = 0, ci_high = 0; // ≥ 95 % confidence interval of the median by order statistics (distribution-free);
                                    // min and max when there are fewer than 6 samples, which cannot reach 95 %
    double noise_pct = 0; // 100 · interquartile range / median
};

Summary summarize(std::span<const double> samples);

// The p-th percentile (0 … 100) of ascending values, linear between neighbours; 0 when there are none.
double percentile(std::span<const double> sorted, double p);

// The largest r such that the r-th smallest and r-th largest of `count` samples enclose the median with ≥ 95 %
// probability, by the exact binomial distribution; 0 when no r does.
int median_rank(int count);

} // namespace dilascope
