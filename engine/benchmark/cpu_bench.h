#pragma once
// The CPU benchmark: attention cases on the `cpu` backend beside the peaks of this machine, measured in the same
// process.
#include "engine/benchmark/bench_cases.h"
#include "engine/benchmark/bench_row.h"
#include "engine/benchmark/machine_peaks.h"
#include <functional>

namespace dilascope {

// Times one case: repetitions with a slice of the peak measurement before each. Rates are medians of both, so that a
// machine that slows down slows both. At least three repetitions, and more for `time_ms`. Error when the pattern does
// not parse or fit.
Result<BenchRow> run_bench_case(const BenchCase& bench_case, const MachinePeaks& peaks, double time_ms = 800);

// All cases in order; `row_done` sees each row as it is ready.
Result<std::vector<BenchRow>> run_cpu_bench(BenchSuite suite, const MachinePeaks& peaks,
                                            const std::function<void(const BenchRow&)>& row_done);

} // namespace dilascope
