#include "views/plot_axis.h"
#include "views/number_format.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dilascope {
namespace {

double position(AxisScale scale, double value) {
    if (scale == AxisScale::linear) return value;
    return scale == AxisScale::log2 ? std::log2(value) : std::log10(value);
}

double value_at(AxisScale scale, double position) {
    if (scale == AxisScale::linear) return position;
    return scale == AxisScale::log2 ? std::exp2(position) : std::pow(10.0, position);
}

// The smallest of 1, 2, 5 · 10ⁿ that is ≥ step.
double round_step(double step) {
    const double decade = std::pow(10.0, std::floor(std::log10(step)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * decade >= step * (1 - 1e-9)) return factor * decade;
    return 10 * decade;
}

// Segments and lengths are powers of two, so ticks there coincide with what the user looks for.
double binary_step(double step) { return std::exp2(std::max(0.0, std::ceil(std::log2(step) - 1e-9))); }

std::vector<Tick> linear_ticks(const Axis& axis, int label_count_max) {
    const bool in_tokens = axis.unit == "tokens";
    const double least = (axis.max - axis.min) / label_count_max;
    const double step = in_tokens ? binary_step(least) : round_step(least);
    std::vector<Tick> ticks;
    const double first = std::ceil(axis.min / step - 1e-9), last = std::floor(axis.max / step + 1e-9);
    for (double index = first; index <= last; ++index) {
        const double value = index * step;
        ticks.push_back({value, in_tokens ? format_tokens(std::int64_t(value)) : format_tick(value, step)});
    }
    return ticks;
}

std::vector<Tick> log2_ticks(const Axis& axis, int label_count_max) {
    const int first = int(std::ceil(std::log2(axis.min) - 1e-9)), last = int(std::floor(std::log2(axis.max) + 1e-9));
    const int stride = std::max(1, (last - first + label_count_max) / label_count_max);
    std::vector<Tick> ticks;
    for (int exponent = first; exponent <= last; ++exponent) {
        const double value = std::exp2(exponent);
        const bool labelled = exponent % stride == 0;
        const bool whole = axis.unit == "tokens" && exponent >= 0 && exponent < 62;
        std::string label = whole ? format_tokens(std::int64_t(value)) : format_significant(value);
        ticks.push_back({value, labelled ? std::move(label) : ""});
    }
    return ticks;
}

std::vector<Tick> log10_ticks(const Axis& axis, int label_count_max) {
    const int first = int(std::floor(std::log10(axis.min) + 1e-9)), last = int(std::floor(std::log10(axis.max) + 1e-9));
    const int decades = last - first + 1;
    const int stride = std::max(1, (decades + label_count_max - 1) / label_count_max);
    const bool room_for_minor = decades <= 8, room_for_2_and_5 = 3 * std::log10(axis.max / axis.min) <= label_count_max;
    std::vector<Tick> ticks;
    for (int exponent = first; exponent <= last; ++exponent) {
        const double decade = std::pow(10.0, exponent);
        for (int digit = 1; digit <= (room_for_minor ? 9 : 1); ++digit) {
            const double value = digit * decade;
            if (value < axis.min * (1 - 1e-9) || value > axis.max * (1 + 1e-9)) continue;
            std::string label;
            if (digit == 1 && exponent % stride == 0) label = format_decade(exponent);
            if ((digit == 2 || digit == 5) && room_for_2_and_5) label = format_significant(value);
            ticks.push_back({value, std::move(label)});
        }
    }
    return ticks;
}

bool shows(AxisScale scale, double value) { return std::isfinite(value) && (scale == AxisScale::linear || value > 0); }

} // namespace

double axis_fraction(const Axis& axis, double value) {
    if (!shows(axis.scale, value)) return -std::numeric_limits<double>::infinity();
    const double low = position(axis.scale, axis.min), high = position(axis.scale, axis.max);
    return (position(axis.scale, value) - low) / (high - low);
}

double axis_value(const Axis& axis, double fraction) {
    const double low = position(axis.scale, axis.min), high = position(axis.scale, axis.max);
    return value_at(axis.scale, low + fraction * (high - low));
}

std::vector<Tick> axis_ticks(const Axis& axis, int label_count_max) {
    label_count_max = std::max(2, label_count_max);
    if (axis.scale == AxisScale::linear) return linear_ticks(axis, label_count_max);
    auto ticks = axis.scale == AxisScale::log2 ? log2_ticks(axis, label_count_max) : log10_ticks(axis, label_count_max);
    // Zoomed in so far that at most one power is left, round steps name the interval better.
    const auto labelled =
        std::count_if(ticks.begin(), ticks.end(), [](const Tick& tick) { return !tick.label.empty(); });
    return labelled >= 2 ? ticks : linear_ticks(axis, label_count_max);
}

void fit_axis(Axis& axis, const std::vector<double>& values, double margin) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : values) {
        if (!shows(axis.scale, value)) continue;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    if (low > high) {
        axis.min = axis.scale == AxisScale::linear ? 0 : 1;
        axis.max = axis.scale == AxisScale::linear ? 1 : 10;
        return;
    }
    double from = position(axis.scale, low), to = position(axis.scale, high);
    const double least = axis.scale == AxisScale::linear ? std::max(1e-12, std::abs(from) * 1e-3) : 1e-2;
    const double spread = to - from >= least                ? (to - from) * margin
                          : axis.scale == AxisScale::linear ? std::max(0.5, std::abs(from) / 2)
                                                            : 0.7;
    axis.min = value_at(axis.scale, from - spread);
    axis.max = value_at(axis.scale, to + spread);
}

std::string axis_caption(const Axis& axis) {
    std::string caption = axis.title;
    if (!axis.note.empty()) caption += (caption.empty() ? "" : " ") + axis.note;
    if (!axis.unit.empty()) caption += (caption.empty() ? "" : ", ") + axis.unit;
    return caption;
}

} // namespace dilascope
