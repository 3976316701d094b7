#pragma once
// Attention weights as colours: the range shown, what fits it, the histogram beside the colour bar, the pixels.
#include "experiments/live.h"
#include "views/plot_axis.h"
#include <cstdint>
#include <vector>

namespace dilascope {

// Weights from low to high take the colours of the map; those outside take its ends. 0 < low < high on a log scale.
struct WeightRange {
    double low = 0, high = 1;
    bool is_log = true;
    friend bool operator==(const WeightRange&, const WeightRange&) = default;
};
// Where a weight stands in the range, 0 … 1, not clamped; below 0 for a weight that a log scale cannot show.
double range_fraction(const WeightRange& range, double weight);
double range_weight(const WeightRange& range, double fraction);

struct WeightStatistics {
    double least = 0, most = 0; // of the weights > 0; both 0 when there is none
    double low_percentile = 0;  // 2 % of the weights > 0 lie below
    std::size_t positive_count = 0, pixel_count = 0;
};
WeightStatistics weight_statistics(const std::vector<float>& weights);
// The range that shows all but the smallest 2 % (log) or everything from 0 (linear).
WeightRange fitted_range(const WeightStatistics& statistics, bool is_log);
// The axis of the colour bar: everything there is, so that the range's ends can be dragged along it.
WeightRange full_range(const WeightStatistics& statistics, bool is_log);

// Counts of the weights > 0 in equal steps of `axis`.
std::vector<int> weight_histogram(const std::vector<float>& weights, const WeightRange& axis, int bins);

// Viridis; a weight of 0 (no key attended) is transparent.
std::vector<std::uint32_t> paint_weights(const std::vector<float>& weights, const WeightRange& range);

} // namespace dilascope
