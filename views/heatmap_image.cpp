#include "views/heatmap_image.h"
#include "views/pattern_image.h"
#include "views/theme.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

namespace {

constexpr double low_share = 0.02; // of the positive weights, left below a fitted log range
constexpr double decades_max = 8;  // a log range spans at most

} // namespace

double range_fraction(const WeightRange& range, double weight) {
    if (!range.is_log) return (weight - range.low) / (range.high - range.low);
    if (!(weight > 0)) return -1;
    return std::log(weight / range.low) / std::log(range.high / range.low);
}

double range_weight(const WeightRange& range, double fraction) {
    if (!range.is_log) return range.low + fraction * (range.high - range.low);
    return range.low * std::pow(range.high / range.low, fraction);
}

WeightStatistics weight_statistics(const std::vector<float>& weights) {
    std::vector<float> positive;
    positive.reserve(weights.size());
    for (const float weight : weights)
        if (weight > 0) positive.push_back(weight);
    WeightStatistics statistics;
    statistics.pixel_count = weights.size();
    statistics.positive_count = positive.size();
    if (positive.empty()) return statistics;
    const auto [least, most] = std::minmax_element(positive.begin(), positive.end());
    statistics.least = *least;
    statistics.most = *most;
    const auto low = positive.begin() + std::ptrdiff_t(double(positive.size() - 1) * low_share);
    std::nth_element(positive.begin(), low, positive.end());
    statistics.low_percentile = *low;
    return statistics;
}

WeightRange fitted_range(const WeightStatistics& statistics, bool is_log) {
    WeightRange range{0, statistics.most > 0 ? statistics.most : 1, is_log};
    if (!is_log) return range;
    range.low = std::max({statistics.low_percentile, range.high * std::pow(10, -decades_max), 1e-300});
    if (range.low >= range.high) range.low = range.high / 10; // all weights equal
    return range;
}

WeightRange full_range(const WeightStatistics& statistics, bool is_log) {
    WeightRange range = fitted_range(statistics, is_log);
    if (is_log) range.low = std::clamp(statistics.least, range.high * std::pow(10, -decades_max), range.low);
    return range;
}

std::vector<int> weight_histogram(const std::vector<float>& weights, const WeightRange& axis, int bins) {
    std::vector<int> counts(std::size_t(bins), 0);
    for (const float weight : weights) {
        if (!(weight > 0)) continue;
        const double fraction = range_fraction(axis, weight);
        ++counts[std::size_t(std::clamp(int(fraction * bins), 0, bins - 1))];
    }
    return counts;
}

std::vector<std::uint32_t> paint_weights(const std::vector<float>& weights, const WeightRange& range) {
    std::vector<std::uint32_t> rgba(weights.size(), 0);
    for (std::size_t pixel = 0; pixel < rgba.size(); ++pixel)
        if (weights[pixel] > 0)
            rgba[pixel] = packed(
                map_colour(ColourMap::viridis, float(std::clamp(range_fraction(range, weights[pixel]), 0.0, 1.0))));
    return rgba;
}

} // namespace dilascope
