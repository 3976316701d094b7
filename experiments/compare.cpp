#include "experiments/compare.h"
#include "experiments/statistics.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

namespace dilascope {
namespace {

// Two-sided p of Mann–Whitney's U for "the two come from one distribution".
double u_test_p(std::span<const double> before, std::span<const double> now) {
    struct Value {
        double value;
        bool is_now;
    };
    std::vector<Value> all;
    for (double value : before) all.push_back({value, false});
    for (double value : now) all.push_back({value, true});
    std::sort(all.begin(), all.end(), [](const Value& a, const Value& b) { return a.value < b.value; });
    const double n = double(before.size()), m = double(now.size()), total = n + m;
    double rank_sum = 0, tie_term = 0; // Σ of now's ranks (equal values share the mean rank); Σ t³ − t over ties
    for (std::size_t begin = 0; begin < all.size();) {
        std::size_t end = begin;
        while (end < all.size() && all[end].value == all[begin].value) ++end;
        const double ties = double(end - begin), mean_rank = (double(begin + 1) + double(end)) / 2;
        for (std::size_t index = begin; index < end; ++index) rank_sum += all[index].is_now ? mean_rank : 0;
        tie_term += ties * ties * ties - ties;
        begin = end;
    }
    const double u = rank_sum - m * (m + 1) / 2;
    const double variance = n * m / 12 * (total + 1 - tie_term / (total * (total - 1)));
    if (variance <= 0) return 1; // all values equal
    const double z = std::max(0.0, std::abs(u - n * m / 2) - 0.5) / std::sqrt(variance);
    return std::erfc(z / std::sqrt(2.0));
}

// At most `limit` of the samples, evenly spread: all pairwise differences of many would not fit in memory.
std::vector<double> thinned(std::span<const double> samples, std::size_t limit) {
    if (samples.size() <= limit) return {samples.begin(), samples.end()};
    std::vector<double> kept;
    for (std::size_t index = 0; index < limit; ++index) kept.push_back(samples[index * samples.size() / limit]);
    return kept;
}

} // namespace

Result<Comparison> compare_samples(std::span<const double> before, std::span<const double> now) {
    if (before.size() < min_compared_samples || now.size() < min_compared_samples)
        return fail(fmt::format("{} and {} samples are too few to compare; take at least {} of each", before.size(),
                                now.size(), min_compared_samples));
    Comparison comparison;
    comparison.p = u_test_p(before, now);

    constexpr std::size_t max_compared = 2000;
    const std::vector<double> from = thinned(before, max_compared), to = thinned(now, max_compared);
    std::vector<double> differences;
    differences.reserve(from.size() * to.size());
    for (double earlier : from)
        for (double later : to) differences.push_back(later - earlier);
    std::sort(differences.begin(), differences.end());
    comparison.shift = percentile(differences, 50);
    const double pairs = double(differences.size()), n = double(from.size()), m = double(to.size());
    const double margin = 1.96 * std::sqrt(n * m * (n + m + 1) / 12);
    const auto low = std::size_t(std::max(0.0, std::floor(pairs / 2 - margin)));
    comparison.shift_ci_low = differences[low];
    comparison.shift_ci_high = differences[differences.size() - 1 - low];
    if (const double median = summarize(before).median; median > 0)
        comparison.shift_pct = 100 * comparison.shift / median;
    return comparison;
}

} // namespace dilascope
