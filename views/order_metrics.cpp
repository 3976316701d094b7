#include "views/order_metrics.h"
#include "engine/order/reuse.h"
#include <algorithm>

namespace dilascope {

OrderMetrics count_order_metrics(const OrderMetricsRequest& request, const std::atomic<bool>& cancel) {
    OrderMetrics metrics;
    metrics.request = request;
    const std::int64_t count = request.token_count;
    for (int index = 0; index < curve_count; ++index) {
        const Order order{Curve(index), request.grid};
        CurveMetrics& curve = metrics.curves[std::size_t(index)];
        const auto near = stretch(order, count, stretch_window, &cancel);
        if (!near) return metrics;
        curve.stretch_mean = near->mean, curve.stretch_max = near->max, curve.step_mean = near->step_mean;
        const auto band = rank_bandwidth(order, count, &cancel);
        if (!band) return metrics;
        curve.bandwidth_max = band->max, curve.bandwidth_mean = band->mean();
        const auto tiles =
            active_tiles(order, count, {request.reach, request.reach}, request.tile, request.tile, &cancel);
        if (!tiles) return metrics;
        curve.active_tiles = tiles->active_count(), curve.tile_count = tiles->tile_count;
        curve.efficiency = tiles->efficiency();
        const auto reuse = reuse_distances(tiles->key_tiles, &cancel);
        if (!reuse) return metrics;
        curve.reuse_median = reuse->median(), curve.load_count = reuse->lru_miss_count(cache_tiles);
    }
    metrics.is_complete = true;
    return metrics;
}

std::span<const MetricColumn> metric_columns() {
    static constexpr MetricColumn columns[] = {
        {"stretch mean", "", "Squared distance of two cells ÷ their distance along the curve, up to 64 apart; mean",
         [](const CurveMetrics& c) { return c.stretch_mean; }},
        {"stretch max", "", "The largest of them; Hilbert's stays below 6 on a full square",
         [](const CurveMetrics& c) { return c.stretch_max; }},
        {"step mean", "cells", "Distance of neighbours along the curve",
         [](const CurveMetrics& c) { return c.step_mean; }},
        {"bandwidth mean", "ranks", "Distance along the curve of two cells that touch by a side; mean",
         [](const CurveMetrics& c) { return c.bandwidth_mean; }},
        {"bandwidth max", "ranks", "The largest of them", [](const CurveMetrics& c) { return double(c.bandwidth_max); },
         true},
        {"active tiles", "",
         "Tiles of the rank × rank matrix that hold a pair of the window: a kernel computes them all",
         [](const CurveMetrics& c) { return double(c.active_tiles); }, true},
        {"efficiency", "%", "Pairs of the window ÷ area of the active tiles",
         [](const CurveMetrics& c) { return c.efficiency * 100; }, false, true},
        {"reuse median", "tiles", "Other key tiles touched before one is touched again, tile rows in order; median",
         [](const CurveMetrics& c) { return double(c.reuse_median); }, true},
        {"loads", "tiles", "Key tiles loaded into a cache of 16 that drops the least recently used",
         [](const CurveMetrics& c) { return double(c.load_count); }, true},
    };
    return columns;
}

unsigned best_curves(const OrderMetrics& metrics, const MetricColumn& column) {
    double best = column.value(metrics.curves[0]);
    const auto is_better = [&](double value) { return column.more_is_better ? value > best : value < best; };
    for (const CurveMetrics& curve : metrics.curves)
        if (is_better(column.value(curve))) best = column.value(curve);
    unsigned set = 0;
    for (int index = 0; index < curve_count; ++index)
        if (column.value(metrics.curves[std::size_t(index)]) == best) set |= 1u << index;
    return set == (1u << curve_count) - 1 ? 0 : set;
}

} // namespace dilascope
