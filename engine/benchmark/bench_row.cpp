#include "engine/benchmark/bench_row.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

std::string ratio_text(const BenchRow& row) {
    if (row.ratio_base.empty()) return "";
    return fmt::format("{:.3f} × {} (at most {:.3f}{})", row.time_ratio, row.ratio_base, row.time_ratio_limit,
                       row.is_over_limit() ? ", over" : "");
}

} // namespace

std::string bench_table_heading(const std::string& device, const std::string& peaks) {
    return fmt::format(
        "{}\n{}\n{:<8} {:>7} {:>7} {:>5} {:>4} {:>5} {:>6} {:>10} {:>8} {:>6} {:>6} {:>6} {:>6} {:>8} {:>7}  {}",
        device, peaks, "pass", "queries", "keys", "heads", "dim", "dtype", "causal", "median ms", "GFLOP/s", "peak",
        "share", "best", "GB/s", "peak MB", "B/token", "pattern");
}

std::string bench_table_row(const BenchRow& row) {
    const std::string ratio = ratio_text(row);
    return fmt::format(
        "{:<8} {:>7} {:>7} {:>5} {:>4} {:>5} {:>6} {:>10.3f} {:>8.1f} {:>6.0f} {:>5.1f}% {:>5.1f}% {:>6.1f} "
        "{:>8.0f} {:>7.0f}  {}{}{}",
        row.direction, row.seq_len, row.kv_len, row.heads, row.head_dim, row.dtype, row.causal ? "yes" : "no",
        row.time_ms_median, row.gflop_per_s, row.peak_gflop_per_s, row.peak_share * 100, row.peak_share_best * 100,
        row.gb_per_s, row.peak_rss_mb, row.memory_bytes_per_token, row.pattern, ratio.empty() ? "" : ": ", ratio);
}

} // namespace dilascope
