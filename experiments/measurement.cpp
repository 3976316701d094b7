#include "experiments/measurement.h"
#include "experiments/statistics.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <unistd.h>

namespace dilascope {

// Bytes to stream so that nothing of a call's data stays in any cache: twice the last level.
static std::size_t flush_bytes() {
    constexpr std::size_t unknown_l3_bytes = 64u << 20;
    std::size_t l3_bytes = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
    l3_bytes = std::size_t(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
#endif
    return 2 * (l3_bytes > 0 ? l3_bytes : unknown_l3_bytes);
}

MeasureClock MeasureClock::steady() {
    MeasureClock clock;
    clock.now_s = [] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    };
    // Writing (not only reading) evicts dirty lines too. The buffer is made at the first flush and lives with the
    // clock.
    clock.flush_caches = [buffer = std::make_shared<std::vector<unsigned char>>()] {
        constexpr std::size_t line_bytes = 64;
        if (buffer->empty()) buffer->resize(flush_bytes());
        volatile unsigned char* bytes = buffer->data();
        for (std::size_t at = 0; at < buffer->size(); at += line_bytes) bytes[at] = bytes[at] + 1;
    };
    return clock;
}

namespace {

// One measurement under way.
struct Sampler {
    const std::function<Result<void>()>& call;
    const Measure& measure;
    CacheState cache;
    const CancelFlag* cancel;
    const MeasureClock& clock;
    double start_s = 0;
    Measurement measurement;

    bool is_cancelled() const { return dilascope::is_cancelled(cancel); }

    // Seconds of one call, the mean of `calls`.
    Result<double> time_calls(std::int64_t calls) const {
        if (cache == CacheState::cold) clock.flush_caches();
        const double begin_s = clock.now_s();
        for (std::int64_t index = 0; index < calls; ++index) TRY(call());
        return (clock.now_s() - begin_s) / double(calls);
    }

    // Warms up; chooses how many calls make a sample from the fastest one.
    Result<void> warm_up() {
        constexpr double sample_s = 100e-6;
        double fastest_s = sample_s;
        for (std::int64_t index = 0; index < measure.warmup; ++index) {
            fastest_s = std::min(fastest_s, TRY(time_calls(1)));
            if (is_cancelled() || clock.now_s() - start_s >= measure.timeout_s) break;
        }
        if (measure.warmup == 0 && cache == CacheState::hot) fastest_s = std::min(fastest_s, TRY(time_calls(1)));
        if (cache == CacheState::hot)
            measurement.calls_per_sample = std::int64_t(std::ceil(sample_s / std::max(fastest_s, 1e-9)));
        return {};
    }

    Result<void> sample() {
        double sampling_s = 0;                        // time inside the calls: a flush does not count
        std::int64_t next_look = measure.min_samples; // judging noise sorts, so long series are judged ever more rarely
        while (true) {
            const double call_s = TRY(time_calls(measurement.calls_per_sample));
            measurement.samples_ms.push_back(call_s * 1e3);
            sampling_s += call_s * double(measurement.calls_per_sample);
            const auto count = std::int64_t(measurement.samples_ms.size());
            if (is_cancelled()) {
                measurement.stop_rule = "cancelled";
            } else if (count >= next_look && sampling_s >= measure.min_time_s) {
                next_look = count + 1 + count / 16;
                if (summarize(measurement.samples_ms).noise_pct <= measure.max_noise_pct)
                    measurement.stop_rule = "noise";
            }
            if (measurement.stop_rule.empty() && count >= measure.max_samples) measurement.stop_rule = "max_samples";
            if (measurement.stop_rule.empty() && clock.now_s() - start_s >= measure.timeout_s)
                measurement.stop_rule = "timeout";
            if (!measurement.stop_rule.empty()) return {};
        }
    }
};

} // namespace

Result<Measurement> measure_calls(const std::function<Result<void>()>& call, const Measure& measure, CacheState cache,
                                  const CancelFlag* cancel, const MeasureClock& clock) {
    Sampler sampler{call, measure, cache, cancel, clock, clock.now_s(), {}};
    Result<void> outcome = sampler.warm_up();
    if (outcome && !sampler.is_cancelled()) outcome = sampler.sample();
    if (sampler.is_cancelled())
        sampler.measurement.stop_rule = "cancelled";
    else if (!outcome)
        return tl::unexpected(std::move(outcome.error()));
    return std::move(sampler.measurement);
}

} // namespace dilascope
