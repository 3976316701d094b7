#include "engine/backends/cpu/target_set.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/benchmark/fma_peak.cpp"
#include "hwy/foreach_target.h" // must come before highway.h
#include "hwy/highway.h"

#include "engine/benchmark/fma_peak.h"
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace dilascope::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Independent chains: enough to cover latency × pipes (4 × 2 on today's cores), few enough for 16 registers.
constexpr int chains = 12;

// Returns the FLOPs done; `sum` gets a number that depends on all of them, so that the compiler cannot drop the work.
double run_chains(std::int64_t rounds, float* sum) {
    const hn::ScalableTag<float> tag;
    hn::Vec<decltype(tag)> sums[chains];
    for (int chain = 0; chain < chains; ++chain) sums[chain] = hn::Set(tag, float(chain));
    const auto factor = hn::Set(tag, 0.999f), term = hn::Set(tag, 0.001f); // converges to 1: no denormals, no infinity
    for (std::int64_t round = 0; round < rounds; ++round)
#pragma GCC unroll 12
        for (int chain = 0; chain < chains; ++chain) sums[chain] = hn::MulAdd(sums[chain], factor, term);
    HWY_ALIGN float lanes[HWY_LANES(float)];
    *sum = 0;
    for (int chain = 0; chain < chains; ++chain) {
        hn::Store(sums[chain], tag, lanes);
        for (float lane : lanes) *sum += lane;
    }
    return 2.0 * chains * double(hn::Lanes(tag)) * double(rounds);
}

} // namespace dilascope::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "engine/benchmark/thread_rates.h"
#include <atomic>

namespace dilascope {

HWY_EXPORT(run_chains);

double measure_fma_peak_gflop_per_s(double time_ms) {
    constexpr std::int64_t rounds = 20'000; // some 50 µs
    std::atomic<float> keep = 0;
    return sum_of_thread_rates(time_ms, [&] {
        float sum = 0;
        const double flops = HWY_DYNAMIC_DISPATCH(run_chains)(rounds, &sum);
        keep.store(sum, std::memory_order_relaxed);
        return flops;
    });
}

} // namespace dilascope
#endif
