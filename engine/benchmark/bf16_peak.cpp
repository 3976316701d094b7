#include "engine/benchmark/bf16_peak.h"
#include "engine/benchmark/thread_rates.h"
#include <atomic>
#include <cstdint>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace dilascope {

#if defined(__x86_64__)

namespace {

// As in fma_peak.cpp: latency × pipes.
constexpr int chains = 12;

// Intrinsics instead of Highway: its portable names may compile to a widening multiply-add, and then the number would
// not be the instruction's. Returns the FLOPs done; `sum` depends on all of them.
__attribute__((target("avx512f,avx512bf16"))) double run_dot_chains(std::int64_t rounds, float* sum) {
    __m512 sums[chains];
    for (int chain = 0; chain < chains; ++chain) sums[chain] = _mm512_set1_ps(float(chain));
    // bf16 pairs (2⁻¹⁰, 2⁻¹⁰): sums stay small whatever the rounds, and no product is a denormal
    const auto pairs = (__m512bh)_mm512_set1_epi32(0x3a803a80);
    for (std::int64_t round = 0; round < rounds; ++round)
#pragma GCC unroll 12
        for (int chain = 0; chain < chains; ++chain) sums[chain] = _mm512_dpbf16_ps(sums[chain], pairs, pairs);
    *sum = 0;
    float lanes[16];
    for (int chain = 0; chain < chains; ++chain) {
        _mm512_storeu_ps(lanes, sums[chain]);
        for (const float lane : lanes) *sum += lane;
    }
    return 4.0 * 16 * chains * double(rounds);
}

} // namespace

std::optional<double> measure_bf16_peak_gflop_per_s(double time_ms) {
    if (!__builtin_cpu_supports("avx512bf16")) return std::nullopt;
    constexpr std::int64_t rounds = 20'000; // some 50 µs
    std::atomic<float> keep = 0;
    return sum_of_thread_rates(time_ms, [&] {
        float sum = 0;
        const double flops = run_dot_chains(rounds, &sum);
        keep.store(sum, std::memory_order_relaxed);
        return flops;
    });
}

#else

std::optional<double> measure_bf16_peak_gflop_per_s(double) { return std::nullopt; }

#endif

} // namespace dilascope
