#pragma once
// What a benchmark's row says of any case on any device: its columns, its work and its rates.
#include "engine/benchmark/bench_cases.h"
#include "engine/benchmark/bench_row.h"

namespace dilascope {

double median(std::vector<double> samples); // of at least one; the upper one of two middle ones

double bench_flops(const Plan& plan, Direction direction); // matmuls of the counted pairs, two forward, five backward
std::int64_t bench_bytes(const Problem& problem, Direction direction); // each tensor of the call once

// The columns that say what was run, and its bytes.
BenchRow bench_row(const BenchCase& bench_case);
// The columns that follow from the times and the peaks of the device beside them, at least one of each.
void set_rates(BenchRow& row, std::int64_t batch, double flops, const std::vector<double>& times_ms,
               const std::vector<double>& peaks_gflop_per_s);

} // namespace dilascope
