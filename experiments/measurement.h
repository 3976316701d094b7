#pragma once
// Measurement: how often a call is timed, when sampling stops, and every raw sample.
#include "engine/backends/backend.h"
#include "engine/result.h"
#include "engine/visit.h"
#include "experiments/case.h"
#include <functional>
#include <string>
#include <vector>

namespace dilascope {

// How a case is measured. Sampling stops when min_samples and min_time_s are reached and noise is below max_noise_pct,
// at max_samples, or at timeout_s; the rule that fired is stored.
struct Measure {
    std::int64_t warmup = 2;
    std::int64_t min_samples = 9;
    std::int64_t max_samples = 1000;
    double min_time_s = 0.1;
    double max_noise_pct = 5;
    double timeout_s = 30;
    bool hot = true;               // caches as the last call left them
    bool cold = false;             // caches flushed before each sample; with hot, every case runs once each way
    std::int64_t verify_rows = 64; // rows compared with the reference

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"warmup", "Calls before the first sample", "", 0, 1e6}, self.warmup);
        v(Field{"min_samples", "Samples at least", "", 1, 1e6}, self.min_samples);
        v(Field{"max_samples", "Samples at most", "", 1, 1e6}, self.max_samples);
        v(Field{"min_time_s", "Sampling time at least", "s", 0, 1e5}, self.min_time_s);
        v(Field{"max_noise_pct", "Stop once IQR/median is below", "%", 0, 1e3}, self.max_noise_pct);
        v(Field{"timeout_s", "Stop whatever the noise after", "s", 0, 1e5}, self.timeout_s);
        v(Field{"hot", "Measure with warm caches"}, self.hot);
        v(Field{"cold", "Measure with flushed caches"}, self.cold);
        v(Field{"verify_rows", "Rows compared with the reference", "", 1, 1e6}, self.verify_rows);
    }
};

struct Measurement {
    std::vector<double> samples_ms;    // of one call each, in the order taken
    std::int64_t calls_per_sample = 1; // > 1 when one call is too short to time alone: a sample is their mean
    std::string stop_rule;             // "noise", "max_samples", "timeout" or "cancelled"
};

double steady_now_s(); // monotonic

// Times `call`, alone in this process: waits for a measurement under way. An error of the call ends it, unless `cancel`
// is set: then the samples so far come back as "cancelled".
// A sample of hot calls lasts at least 100 µs: shorter calls are batched. Cold calls are never batched. `now_s` decides
// about the timeout only; tests bring their own.
Result<Measurement> measure_calls(ReadyCall& call, const Measure& measure, CacheState cache, const CancelFlag* cancel,
                                  const std::function<double()>& now_s = steady_now_s);

} // namespace dilascope
