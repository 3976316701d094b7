#include "experiments/statistics.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

double percentile(std::span<const double> sorted, double p) {
    if (sorted.empty()) return 0;
    const double place = p / 100 * double(sorted.size() - 1);
    const auto below = std::size_t(place);
    if (below + 1 >= sorted.size()) return sorted.back();
    return sorted[below] + (place - double(below)) * (sorted[below + 1] - sorted[below]);
}

int median_rank(int count) {
    // ln P(X = rank) for X ~ Binomial(count, 1/2). Ranks far below the middle weigh nothing: skip them.
    const double log_all = std::lgamma(count + 1.0) - count * std::log(2.0);
    int rank = std::max(0, int(count / 2.0 - 6 * std::sqrt(double(count))));
    double cumulative = 0;
    for (; rank < count / 2; ++rank) {
        cumulative += std::exp(log_all - std::lgamma(rank + 1.0) - std::lgamma(count - rank + 1.0));
        if (cumulative > 0.025) return rank;
    }
    return rank;
}

Summary summarize(std::span<const double> samples) {
    Summary summary;
    if (samples.empty()) return summary;
    std::vector<double> sorted(samples.begin(), samples.end());
    std::sort(sorted.begin(), sorted.end());
    summary.count = int(sorted.size());
    summary.min = sorted.front();
    summary.median = percentile(sorted, 50);
    summary.p5 = percentile(sorted, 5);
    summary.p95 = percentile(sorted, 95);
    const int rank = median_rank(summary.count);
    summary.ci_low = rank > 0 ? sorted[std::size_t(rank - 1)] : sorted.front();
    summary.ci_high = rank > 0 ? sorted[sorted.size() - std::size_t(rank)] : sorted.back();
    if (summary.median > 0)
        summary.noise_pct = 100 * (percentile(sorted, 75) - percentile(sorted, 25)) / summary.median;

    std::vector<double> deviations(sorted);
    for (double& value : deviations) value = std::abs(value - summary.median);
    std::sort(deviations.begin(), deviations.end());
    summary.mad = percentile(deviations, 50);
    return summary;
}

} // namespace dilascope
