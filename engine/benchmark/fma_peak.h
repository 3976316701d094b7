#pragma once
// The multiply-add peak of this CPU, measured: what every GFLOP/s of the benchmark is held against.

namespace dilascope {

// f32 GFLOP/s (2 per multiply-add) of independent register-only chains, on all OpenMP threads at once, for about
// `time_ms`.
double measure_fma_peak_gflop_per_s(double time_ms);

} // namespace dilascope
