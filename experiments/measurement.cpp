#include "experiments/measurement.h"
#include "experiments/measuring_turn.h"
#include "experiments/statistics.h"
#include <algorithm>
#include <chrono>
#include <cmath>

namespace dilascope {

double steady_now_s() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

namespace {

// One measurement under way.
struct Sampler {
    ReadyCall& call;
    const Measure& measure;
    CacheState cache;
    const CancelFlag* cancel;
    const std::function<double()>& now_s;
    double start_s = 0;
    Measurement measurement;

    bool is_cancelled() const { return dilascope::is_cancelled(cancel); }

    // Seconds of one call, the mean of `calls`.
    Result<double> time_calls(std::int64_t calls) const {
        if (cache == CacheState::cold) TRY(call.flush_caches());
        return call.seconds_of(calls);
    }

    // Warms up; chooses how many calls make a sample from the fastest one.
    Result<void> warm_up() {
        constexpr double sample_s = 100e-6;
        double fastest_s = sample_s;
        for (std::int64_t index = 0; index < measure.warmup; ++index) {
            fastest_s = std::min(fastest_s, TRY(time_calls(1)));
            if (is_cancelled() || now_s() - start_s >= measure.timeout_s) break;
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
            if (measurement.stop_rule.empty() && now_s() - start_s >= measure.timeout_s)
                measurement.stop_rule = "timeout";
            if (!measurement.stop_rule.empty()) return {};
        }
    }
};

} // namespace

Result<Measurement> measure_calls(ReadyCall& call, const Measure& measure, CacheState cache, const CancelFlag* cancel,
                                  const std::function<double()>& now_s) {
    const Result<MeasuringTurn> turn = MeasuringTurn::take(cancel);
    if (!turn) return Measurement{{}, 1, "cancelled"};
    Sampler sampler{call, measure, cache, cancel, now_s, now_s(), {}};
    Result<void> outcome = sampler.warm_up();
    if (outcome && !sampler.is_cancelled()) outcome = sampler.sample();
    if (sampler.is_cancelled())
        sampler.measurement.stop_rule = "cancelled";
    else if (!outcome)
        return tl::unexpected(std::move(outcome.error()));
    return std::move(sampler.measurement);
}

} // namespace dilascope
