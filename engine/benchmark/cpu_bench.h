#pragma once
// The CPU benchmark: attention cases on the `cpu` backend beside the multiply-add peak measured in the same process.
// To add a case: one line in cpu_bench_cases().
#include "engine/benchmark/bench_row.h"
#include "engine/problem.h"
#include "engine/result.h"
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace dilascope {

struct BenchCase {
    std::string pattern; // text form
    Problem problem;
};

enum class BenchSuite { full, quick };

// dense, causal, window and longnet; head_dim 32 … 128, 1k … 16k tokens. Quick: four of them.
std::vector<BenchCase> cpu_bench_cases(BenchSuite suite);

// Times one case on N(0,1) inputs: repetitions with a slice of the peak measurement before each. Rates are medians of
// both, so that a machine that slows down slows both. Error when the pattern does not parse or fit.
Result<BenchRow> run_bench_case(const BenchCase& bench_case);

// All cases in order; `row_done` sees each row as it is ready.
Result<std::vector<BenchRow>> run_cpu_bench(BenchSuite suite, const std::function<void(const BenchRow&)>& row_done);

// Fixed-width text: the header line, and one row under it.
std::string bench_table_header();
std::string bench_table_row(const BenchRow& row);

} // namespace dilascope
