#pragma once
// The bf16 dot-product peak of this CPU, measured: what bf16 rows are held against where the instruction exists.
#include <optional>

namespace dilascope {

// bf16 GFLOP/s (4 per lane of a dot product of pairs) of independent register-only chains, on all OpenMP threads at
// once, for about `time_ms`. Nothing on CPUs without AVX512-BF16.
std::optional<double> measure_bf16_peak_gflop_per_s(double time_ms);

} // namespace dilascope
