#include "engine/benchmark/density_bench.h"
#include "engine/benchmark/bench_rates.h"
#include "engine/benchmark/process_memory.h"
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <omp.h>

namespace dilascope {

namespace {

constexpr std::int64_t million = 1 << 20, billion = 1 << 30, side = 1024;
constexpr int repetitions = 5, zooms = 21, threads = 2;

struct DensityCase {
    const char* pattern;
    std::int64_t seq_len, heads;
    double limit_ms;
};

const std::vector<DensityCase>& density_bench_cases() {
    static const std::vector<DensityCase> cases = {
        {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12", million, 12, 8},
        {"random block=64 density=0.1", million, 1, 8},
        {"longnet segments=2048 rates=1 order=hilbert", million, 12, 8},
        {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12 order=hilbert", million, 12, 8},
        {"local block=64 window=4096 + global block=64 tokens=256", million, 1, 8},
        {"strided block=64 stride=16", million, 1, 8},
        {"hierarchical block=64 levels=64:256,256:1024,1024:all", million, 1, 8},
        // 20 branches: segments 2048 … 2^30, each rate twice the one before up to 2^19
        {"longnet segments=2048,4096,8192,16384,32768,65536,131072,262144,524288,1048576,2097152,4194304,8388608,"
         "16777216,33554432,67108864,134217728,268435456,536870912,1073741824 "
         "rates=1,2,4,8,16,32,64,128,256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288",
         billion, 12, 16},
    };
    return cases;
}

// Zoom z of Z: the whole matrix first, then geometrically down to one token a pixel, around a point of the diagonal
// that no tile or segment is aligned with.
Region zoomed(const Problem& problem, int zoom) {
    const double share = std::pow(double(side) / double(problem.seq_len), double(zoom) / (zooms - 1));
    const auto length = std::clamp<std::int64_t>(std::llround(double(problem.seq_len) * share), side, problem.seq_len);
    const auto begin = std::int64_t(0.6180339887 * double(problem.seq_len - length));
    return {{begin, begin + length}, {begin, begin + length}};
}

double frame_ms(const Pattern& pattern, const Problem& problem, int zoom, std::vector<double>& density) {
    const auto start = std::chrono::steady_clock::now();
    density_grid(pattern, problem, zoom % problem.heads, zoomed(problem, zoom), side, side, density);
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

DensityRow run_case(const DensityCase& one, bool causal) {
    const Pattern pattern = parse_pattern(one.pattern).value();
    const Problem problem = self_attention(one.seq_len, one.heads, 64, causal);
    DensityRow row{to_text(pattern), one.seq_len, one.heads, causal, side, threads, zooms};
    row.limit_ms = one.limit_ms;
    std::vector<double> density(std::size_t(side * side), 0.0);
    restart_peak();
    const std::int64_t memory_before = peak_resident_bytes();
    row.first_ms = frame_ms(pattern, problem, 0, density);
    std::vector<double> medians;
    for (int zoom = 0; zoom < zooms; ++zoom) {
        std::vector<double> times;
        for (int repetition = 0; repetition < repetitions; ++repetition)
            times.push_back(frame_ms(pattern, problem, zoom, density));
        medians.push_back(median(times));
    }
    row.time_ms_median = median(medians);
    row.time_ms_max = std::ranges::max(medians);
    row.memory_mb = double(peak_resident_bytes() - memory_before) / 0x1p20;
    return row;
}

} // namespace

std::vector<DensityRow> run_density_bench(const std::function<void(const DensityRow&)>& row_done) {
    const int threads_before = omp_get_max_threads();
    omp_set_num_threads(threads);
    std::vector<DensityRow> rows;
    for (const DensityCase& one : density_bench_cases())
        for (const bool causal : {false, true}) {
            rows.push_back(run_case(one, causal));
            row_done(rows.back());
        }
    omp_set_num_threads(threads_before);
    return rows;
}

std::string density_table_header() {
    return fmt::format("{:>8} {:>7} {:>8} {:>10} {:>10} {:>9} {:>10}  {}", "tokens", "causal", "first ms", "median ms",
                       "slowest ms", "limit ms", "memory MB", "pattern");
}

std::string density_table_row(const DensityRow& row) {
    const std::string pattern = row.pattern.size() > 90 ? row.pattern.substr(0, 87) + "…" : row.pattern;
    return fmt::format("{:>8} {:>7} {:>8.1f} {:>10.2f} {:>10.2f} {:>9.0f} {:>10.1f}  {}{}",
                       row.seq_len >= billion ? "1G" : "1M", row.causal ? "yes" : "no", row.first_ms,
                       row.time_ms_median, row.time_ms_max, row.limit_ms, row.memory_mb, pattern,
                       row.time_ms_max > row.limit_ms ? "  (over)" : "");
}

} // namespace dilascope
