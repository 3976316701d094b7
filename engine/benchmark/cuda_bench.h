#pragma once
// The CUDA benchmark: attention cases on a GPU beside what the device multiplies and copies, measured in the same
// process. Times are the device's alone: tensors and plans are there before.
#include "engine/backends/cuda/device.h"
#include "engine/backends/cuda/telemetry.h"
#include "engine/benchmark/bench_cases.h"
#include "engine/benchmark/bench_row.h"
#include <functional>
#include <span>

namespace dilascope {

struct DevicePeaks {
    double f32_gflop_per_s = 0, f16_gflop_per_s = 0, bf16_gflop_per_s = 0; // of cuBLASLt's square matrix products
    double copy_gb_per_s = 0;                                              // read and written, far beyond L2
    double permute_gb_per_s = 0; // the same of token rows of 1 KB that are laid out along a Hilbert curve
    double gflop_per_s(Dtype dtype) const;
};

// Some seconds. Error without cuBLASLt, or when the device has too little memory.
Result<DevicePeaks> measure_device_peaks(CudaDevice& device);
// Rows of `token_count` tokens to their places along a Hilbert curve, read and written.
Result<double> measure_permute_gb_per_s(CudaDevice& device, std::int64_t token_count, std::int64_t row_bytes);
// "peaks: 700 TFLOP/s bf16, …"
std::string peaks_text(const DevicePeaks& peaks);

struct CudaBenchRow : BenchRow {
    std::string kernel; // that ran the passes
};

// Times one case with L2 evicted before each of `samples` launches.
Result<CudaBenchRow> run_cuda_bench_case(CudaDevice& device, const BenchCase& bench_case, const DevicePeaks& peaks,
                                         int samples = 20);

std::vector<BenchCase> cuda_bench_cases(BenchSuite suite);

// "backward bf16 n=8192 d=128 causal dense"
std::string case_text(const BenchCase& bench_case);
// The cases whose text has each of the words, in any order. Error when none has.
Result<std::vector<BenchCase>> cases_with(const std::vector<BenchCase>& cases, const std::string& words);

// All cases in order; `row_done` sees each row as it is ready.
Result<std::vector<CudaBenchRow>> run_cuda_bench(CudaDevice& device, std::span<const BenchCase> cases,
                                                 const DevicePeaks& peaks,
                                                 const std::function<void(const CudaBenchRow&)>& row_done);

struct CudaBenchTable {
    std::vector<CudaBenchRow> rows;
    std::string clocks; // telemetry_text() of the rows' time
};

// Measures the peaks, then the cases beside them while the clocks are watched. `heading_done` sees the table's heading
// when the peaks are known: the device, its peaks and the names of the columns.
Result<CudaBenchTable> measure_cuda_table(CudaDevice& device, std::span<const BenchCase> cases,
                                          const std::function<void(const std::string&)>& heading_done,
                                          const std::function<void(const CudaBenchRow&)>& row_done);

// "clocks 1755 … 1980 MHz, at most 690 W, 61 °C; limited by power"
std::string telemetry_text(const TelemetrySummary& summary);

} // namespace dilascope
