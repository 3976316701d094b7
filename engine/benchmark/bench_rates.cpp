#include "engine/benchmark/bench_rates.h"
#include <algorithm>

namespace dilascope {

double median(std::vector<double> samples) {
    const auto middle = samples.begin() + std::ptrdiff_t(samples.size() / 2);
    std::ranges::nth_element(samples, middle);
    return *middle;
}

double bench_flops(const Plan& plan, Direction direction) {
    return forward_flops(plan) * (direction == Direction::forward ? 1 : 2.5);
}

std::int64_t bench_bytes(const Problem& problem, Direction direction) {
    const std::int64_t queries = query_elements(problem), keys = key_elements(problem);
    const std::int64_t inputs = (queries + 2 * keys) * std::int64_t(dtype_bytes(problem.dtype));
    const std::int64_t outputs = queries + lse_elements(problem);
    const std::int64_t gradients = direction == Direction::forward ? 0 : 2 * queries + 2 * keys; // and dout
    return inputs + std::int64_t(sizeof(float)) * (outputs + gradients);
}

BenchRow bench_row(const BenchCase& bench_case) {
    const Problem& problem = bench_case.problem;
    BenchRow row;
    row.pattern = bench_case.pattern;
    row.seq_len = problem.seq_len, row.kv_len = problem.kv_len;
    row.heads = problem.heads, row.kv_heads = problem.kv_heads, row.head_dim = problem.head_dim;
    row.dtype = enum_name(problem.dtype);
    row.causal = problem.causal;
    row.direction = enum_name(bench_case.direction);
    row.bytes = bench_bytes(problem, bench_case.direction);
    return row;
}

void set_rates(BenchRow& row, std::int64_t batch, double flops, const std::vector<double>& times_ms,
               const std::vector<double>& peaks_gflop_per_s) {
    const auto rate = [&](double time_ms) { return flops / time_ms * 1e-6; };
    const auto share = [](double rate, double peak) { return peak > 0 ? rate / peak : 0; };
    row.repetitions = std::int64_t(times_ms.size());
    row.time_ms_median = median(times_ms);
    row.gflop_per_s = rate(row.time_ms_median);
    row.peak_gflop_per_s = median(peaks_gflop_per_s);
    row.peak_share = share(row.gflop_per_s, row.peak_gflop_per_s);
    row.peak_share_best = share(rate(std::ranges::min(times_ms)), std::ranges::max(peaks_gflop_per_s));
    row.tokens_per_s = double(row.seq_len * batch) / row.time_ms_median * 1e3;
    row.gb_per_s = double(row.bytes) / row.time_ms_median * 1e-6;
}

} // namespace dilascope
