#include "engine/benchmark/cpu_bench.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/fma_peak.h"
#include "engine/memory/buffer.h"
#include "engine/pattern/pattern_text.h"
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <random>

namespace dilascope {

namespace {

double median(std::vector<double> samples) {
    const auto middle = samples.begin() + std::ptrdiff_t(samples.size() / 2);
    std::nth_element(samples.begin(), middle, samples.end());
    return *middle;
}

Result<Buffer<float>> random_tensor(std::int64_t elements, std::uint32_t seed) {
    Buffer<float> tensor = TRY(Buffer<float>::allocate(elements, "bench/tensor"));
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    for (float& element : tensor.span()) element = normal(generator);
    return tensor;
}

} // namespace

std::vector<BenchCase> cpu_bench_cases(BenchSuite suite) {
    constexpr bool full_mask = false, causal = true;
    const char* longnet = "longnet segments=2048,4096,8192,16384 rates=1,2,4,8";
    const std::vector<BenchCase> quick = {
        {"dense", self_attention(4096, 4, 64, full_mask)},
        {"dense", self_attention(4096, 4, 64, causal)},
        {"window left=256 right=256", self_attention(8192, 4, 64, full_mask)},
        {longnet, self_attention(16384, 4, 64, full_mask)},
    };
    if (suite == BenchSuite::quick) return quick;
    return {
        {"dense", self_attention(1024, 8, 32, full_mask)},
        {"dense", self_attention(4096, 4, 32, full_mask)},
        {"dense", self_attention(1024, 8, 64, full_mask)},
        quick[0],
        {"dense", self_attention(8192, 2, 64, full_mask)},
        {"dense", self_attention(1024, 8, 128, full_mask)},
        {"dense", self_attention(4096, 2, 128, full_mask)},
        {"dense", self_attention(1024, 8, 64, causal)},
        quick[1],
        {"dense", self_attention(4096, 2, 128, causal)},
        quick[2],
        {"window left=256 right=0", self_attention(16384, 4, 64, causal)},
        {longnet, self_attention(16384, 4, 32, full_mask)},
        quick[3],
        {longnet, self_attention(16384, 2, 128, full_mask)},
        {longnet, self_attention(16384, 4, 64, causal)},
    };
}

Result<BenchRow> run_bench_case(const BenchCase& bench_case) {
    const Pattern pattern = TRY(parse_pattern(bench_case.pattern));
    const Problem& problem = bench_case.problem;
    const Plan plan = TRY(make_plan(pattern, problem));
    const Buffer<float> q = TRY(random_tensor(query_elements(problem), 1)),
                        k = TRY(random_tensor(key_elements(problem), 2));
    const Buffer<float> v = TRY(random_tensor(key_elements(problem), 3));
    const Buffer<float> out = TRY(Buffer<float>::allocate(query_elements(problem), "bench/tensor"));
    const Buffer<float> lse = TRY(Buffer<float>::allocate(lse_elements(problem), "bench/tensor"));
    AttentionCall call{&problem, &pattern, &plan, q.data(), k.data(), v.data(), out.data(), lse.data()};

    using Clock = std::chrono::steady_clock;
    constexpr double time_ms_max = 1000, peak_slice_ms = 10;
    constexpr std::size_t repetitions_min = 5, repetitions_max = 40;
    TRY(cpu_backend().forward(call)); // warm-up: pages, threads, clocks
    std::vector<double> times_ms, peaks;
    const Clock::time_point start = Clock::now();
    const auto elapsed_ms = [](Clock::time_point from) {
        return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
    };
    while (times_ms.size() < repetitions_min ||
           (times_ms.size() < repetitions_max && elapsed_ms(start) < time_ms_max)) {
        peaks.push_back(measure_fma_peak_gflop_per_s(peak_slice_ms));
        const Clock::time_point before = Clock::now();
        TRY(cpu_backend().forward(call));
        times_ms.push_back(elapsed_ms(before));
    }

    BenchRow row;
    row.pattern = bench_case.pattern;
    row.seq_len = problem.seq_len, row.heads = problem.heads, row.head_dim = problem.head_dim;
    row.dtype = enum_name(problem.dtype);
    row.causal = problem.causal;
    row.direction = "forward";
    row.time_ms_median = median(times_ms);
    row.gflop_per_s = forward_flops(plan) / row.time_ms_median * 1e-6;
    row.peak_gflop_per_s = median(peaks);
    row.peak_share = row.gflop_per_s / row.peak_gflop_per_s;
    return row;
}

Result<std::vector<BenchRow>> run_cpu_bench(BenchSuite suite, const std::function<void(const BenchRow&)>& row_done) {
    std::vector<BenchRow> rows;
    for (const BenchCase& bench_case : cpu_bench_cases(suite)) {
        rows.push_back(TRY(run_bench_case(bench_case)));
        row_done(rows.back());
    }
    return rows;
}

std::string bench_table_header() {
    return fmt::format("{:<52} {:>7} {:>5} {:>4} {:>5} {:>6} {:>10} {:>9} {:>9} {:>7}", "pattern", "seq_len", "heads",
                       "dim", "dtype", "causal", "median ms", "GFLOP/s", "peak", "share");
}

std::string bench_table_row(const BenchRow& row) {
    return fmt::format("{:<52} {:>7} {:>5} {:>4} {:>5} {:>6} {:>10.3f} {:>9.1f} {:>9.1f} {:>6.1f}%", row.pattern,
                       row.seq_len, row.heads, row.head_dim, row.dtype, row.causal ? "yes" : "no", row.time_ms_median,
                       row.gflop_per_s, row.peak_gflop_per_s, row.peak_share * 100);
}

} // namespace dilascope
