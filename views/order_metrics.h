#pragma once
// OrderMetrics: what each curve keeps near on one grid, and what a kernel pays for a window on it. All counted.
#include "engine/order/locality.h"
#include <array>
#include <span>

namespace dilascope {

struct OrderMetricsRequest {
    Grid grid; // both sides given
    std::int64_t token_count = 0;
    std::int64_t reach = 4; // of the window in x and y, cells
    std::int64_t tile = 64; // tokens along a tile's sides
    friend bool operator==(const OrderMetricsRequest&, const OrderMetricsRequest&) = default;
};

inline constexpr std::int64_t stretch_window = 64;          // ranks that stretch looks ahead
inline constexpr std::int64_t cache_tiles = 16;             // of the cache whose loads are counted
inline constexpr std::int64_t metrics_tokens_max = 1 << 20; // longer sequences are not counted
inline constexpr int curve_count = int(enum_names(Curve{}).size());

struct CurveMetrics {
    double stretch_mean = 0, stretch_max = 0;
    double step_mean = 0; // cells between neighbours along the curve
    std::int64_t bandwidth_max = 0;
    double bandwidth_mean = 0;
    std::int64_t active_tiles = 0, tile_count = 0;
    double efficiency = 0;         // pairs ÷ area of the active tiles
    std::int64_t reuse_median = 0; // key tiles between two touches of one
    std::int64_t load_count = 0;   // of key tiles into the cache
};
struct OrderMetrics {
    OrderMetricsRequest request;
    std::array<CurveMetrics, curve_count> curves; // by Curve
    bool is_complete = false;                     // false when cancelled
};
OrderMetrics count_order_metrics(const OrderMetricsRequest& request, const std::atomic<bool>& cancel);

// A column of the table: smaller is better unless it says otherwise.
struct MetricColumn {
    const char* title;
    const char* unit;
    const char* help;
    double (*value)(const CurveMetrics&);
    bool is_count = false, more_is_better = false;
};
std::span<const MetricColumn> metric_columns();
// The curves with the column's best value, bit c for curve c; 0 when all are alike.
unsigned best_curves(const OrderMetrics& metrics, const MetricColumn& column);

} // namespace dilascope
