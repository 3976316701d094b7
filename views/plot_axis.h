#pragma once
// Axis: a shown interval of values, its scale, and the ticks that name it.
#include <cstdint>
#include <string>
#include <vector>

namespace dilascope {

enum class AxisScale : std::uint8_t { linear, log2, log10 };

struct Axis {
    std::string title; // "query", "median time"
    std::string unit;  // "tokens" puts ticks on powers of two; "" for none
    AxisScale scale = AxisScale::linear;
    double min = 0, max = 1; // shown interval, min < max; min > 0 on a log scale
    std::string note = {};   // "with 95 % interval": behind the title in the caption
};

// 0 at min, 1 at max, beyond them outside; −∞ for what a log scale cannot show.
double axis_fraction(const Axis& axis, double value);
double axis_value(const Axis& axis, double fraction);

struct Tick {
    double value = 0;
    std::string label; // empty: a minor tick
};

// Ticks inside the interval in rising order, at most about `label_count_max` (≥ 2) of them labelled. They stand on
// round values, so panning moves them and does not exchange them.
std::vector<Tick> axis_ticks(const Axis& axis, int label_count_max);

// The interval of all values with a margin of `margin` × its length on both sides; a sensible one around a single value
// or none. A log axis ignores values ≤ 0.
void fit_axis(Axis& axis, const std::vector<double>& values, double margin = 0.04);

// "median time with 95 % interval, ms": title, note and unit as one text.
std::string axis_caption(const Axis& axis);

} // namespace dilascope
