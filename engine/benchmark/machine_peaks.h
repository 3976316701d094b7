#pragma once
// MachinePeaks: what this machine can do at most, measured in the process that times attention beside it.
#include "engine/dtype.h"
#include "engine/result.h"
#include <optional>
#include <string>

namespace dilascope {

// All OpenMP threads together.
struct MachinePeaks {
    double fma_gflop_per_s = 0;             // f32 multiply-adds
    std::optional<double> bf16_gflop_per_s; // bf16 dot products; none without AVX512-BF16
    double memory_gb_per_s = 0;             // reading far beyond the caches
};

// Best of a few slices each; some 0.6 s.
Result<MachinePeaks> measure_machine_peaks();

// The multiply peak that tensors of `dtype` are held against, measured now for `time_ms`: bf16's own where the CPU has
// one, else that of f32 multiply-adds, which 16-bit elements are widened to.
double measure_peak_gflop_per_s(Dtype dtype, double time_ms);

// "peaks: 250 GFLOP/s f32, bf16 dot products none (no AVX512-BF16), 25.0 GB/s memory"
std::string peaks_text(const MachinePeaks& peaks);

} // namespace dilascope
