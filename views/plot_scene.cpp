#include "views/plot_scene.h"
#include "views/number_format.h"

#include <algorithm>
#include <cmath>

namespace dilascope {
namespace {

// The samples inside the interval and one neighbour on each side, so that lines reach the edges.
std::span<const Sample> shown(std::span<const Sample> samples, const Axis& x) {
    const auto before = [](const Sample& sample, double value) { return sample.x < value; };
    auto first = std::lower_bound(samples.begin(), samples.end(), x.min, before);
    auto last = std::upper_bound(first, samples.end(), x.max,
                                 [](double value, const Sample& sample) { return value < sample.x; });
    if (first != samples.begin()) --first;
    if (last != samples.end()) ++last;
    return {first, last};
}

} // namespace

void fit_axes(PlotScene& scene) {
    std::vector<double> xs, ys;
    for (const Series& series : scene.series) {
        if (series.is_hidden) continue;
        for (const Sample& sample : series.samples) {
            xs.push_back(sample.x);
            ys.push_back(sample.y);
            if (sample.has_interval()) ys.insert(ys.end(), {sample.low, sample.high});
        }
    }
    for (const Bar& bar : scene.bars) {
        xs.insert(xs.end(), {bar.x_low, bar.x_high});
        ys.insert(ys.end(), {0.0, bar.y});
    }
    for (const Annotation& annotation : scene.annotations) {
        if (annotation.kind != Annotation::Kind::horizontal) xs.push_back(annotation.x);
        if (annotation.kind != Annotation::Kind::vertical) ys.push_back(annotation.y);
    }
    fit_axis(scene.x, xs, 0.03);
    fit_axis(scene.y, ys, 0.08);
    if (!scene.bars.empty() && scene.y.scale == AxisScale::linear && scene.y.min < 0 &&
        std::all_of(ys.begin(), ys.end(), [](double y) { return !(y < 0); }))
        scene.y.min = 0; // bars stand on the axis
}

std::vector<Sample> decimated(std::span<const Sample> samples, const Axis& x, int columns) {
    samples = shown(samples, x);
    if (samples.size() <= 4 * std::size_t(std::max(1, columns))) return {samples.begin(), samples.end()};
    const auto column_of = [&](const Sample& sample) {
        return int(std::clamp(std::floor(axis_fraction(x, sample.x) * columns), -1.0, double(columns)));
    };
    std::vector<Sample> kept;
    for (std::size_t begin = 0; begin < samples.size();) {
        std::size_t end = begin, least = begin, greatest = begin;
        for (const int column = column_of(samples[begin]); end < samples.size() && column_of(samples[end]) == column;
             ++end) {
            if (samples[end].y < samples[least].y) least = end;
            if (samples[end].y > samples[greatest].y) greatest = end;
        }
        std::size_t chosen[] = {begin, least, greatest, end - 1};
        std::sort(std::begin(chosen), std::end(chosen));
        for (const auto* index = std::begin(chosen); index != std::unique(std::begin(chosen), std::end(chosen));
             ++index)
            kept.push_back(samples[*index]);
        begin = end;
    }
    return kept;
}

std::vector<HoverLine> hover_lines(const PlotScene& scene, std::size_t series_index, std::size_t sample_index) {
    const Series& series = scene.series[series_index];
    const Sample& sample = series.samples[sample_index];
    std::vector<HoverLine> lines;
    lines.push_back({scene.x.title, format_exact(sample.x, scene.x.unit)});
    lines.push_back({scene.y.title, format_exact(sample.y, scene.y.unit)});
    if (sample.has_interval())
        lines.push_back({"95 % interval", format_quantity(sample.low, scene.y.unit).joined() + " … " +
                                              format_quantity(sample.high, scene.y.unit).joined()});
    if (sample_index < series.ids.size()) lines.push_back({"run", series.ids[sample_index]});
    return lines;
}

} // namespace dilascope
