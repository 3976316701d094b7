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

void set_rates(BenchRow& row, std::int64_t batch, double flops, double time_ms_median, double peak_gflop_per_s) {
    row.time_ms_median = time_ms_median;
    row.gflop_per_s = flops / time_ms_median * 1e-6;
    row.peak_gflop_per_s = peak_gflop_per_s;
    row.peak_share = peak_gflop_per_s > 0 ? row.gflop_per_s / peak_gflop_per_s : 0;
    row.tokens_per_s = double(row.seq_len * batch) / time_ms_median * 1e3;
    row.gb_per_s = double(row.bytes) / time_ms_median * 1e-6;
}

} // namespace dilascope
