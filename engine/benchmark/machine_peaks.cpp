#include "engine/benchmark/machine_peaks.h"
#include "engine/benchmark/bf16_peak.h"
#include "engine/benchmark/fma_peak.h"
#include "engine/benchmark/memory_bandwidth.h"
#include <algorithm>
#include <fmt/format.h>

namespace dilascope {

Result<MachinePeaks> measure_machine_peaks() {
    constexpr int slices = 3;
    constexpr double slice_ms = 50;
    MachinePeaks peaks;
    for (int slice = 0; slice < slices; ++slice) {
        peaks.fma_gflop_per_s = std::max(peaks.fma_gflop_per_s, measure_fma_peak_gflop_per_s(slice_ms));
        if (const std::optional<double> bf16 = measure_bf16_peak_gflop_per_s(slice_ms))
            peaks.bf16_gflop_per_s = std::max(peaks.bf16_gflop_per_s.value_or(0), *bf16);
        peaks.memory_gb_per_s =
            std::max(peaks.memory_gb_per_s, TRY(measure_memory_gb_per_s(bytes_beyond_caches(), slice_ms)));
    }
    return peaks;
}

double measure_peak_gflop_per_s(Dtype dtype, double time_ms) {
    if (dtype == Dtype::bf16)
        if (const std::optional<double> peak = measure_bf16_peak_gflop_per_s(time_ms)) return *peak;
    return measure_fma_peak_gflop_per_s(time_ms);
}

std::string peaks_text(const MachinePeaks& peaks) {
    const std::string bf16 =
        peaks.bf16_gflop_per_s ? fmt::format("{:.0f} GFLOP/s", *peaks.bf16_gflop_per_s) : "none (no AVX512-BF16)";
    return fmt::format("peaks: {:.0f} GFLOP/s f32, bf16 dot products {}, {:.1f} GB/s memory", peaks.fma_gflop_per_s,
                       bf16, peaks.memory_gb_per_s);
}

} // namespace dilascope
