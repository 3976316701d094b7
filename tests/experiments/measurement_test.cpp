// Measurement on a clock of the test's own: each stop rule, batching, cold caches, cancel.
#include "experiments/measurement.h"
#include "tests/catch.h"

using namespace dilascope;

namespace {

// Time moves only where a call or a flush moves it.
struct FakeMachine {
    double now_s = 0, call_s = 0.01, flush_s = 1;
    int call_count = 0, flush_count = 0;
    std::vector<double> call_factors; // of the calls, in turn; empty: all alike
    MeasureClock clock() {
        MeasureClock clock;
        clock.now_s = [this] { return now_s; };
        clock.flush_caches = [this] { ++flush_count, now_s += flush_s; };
        return clock;
    }
    Result<void> call() {
        const double factor = call_factors.empty() ? 1 : call_factors[std::size_t(call_count) % call_factors.size()];
        ++call_count;
        now_s += call_s * factor;
        return {};
    }
    Result<Measurement> measure(const Measure& measure, CacheState cache = CacheState::hot,
                                const CancelFlag* cancel = nullptr) {
        return measure_calls([this] { return call(); }, measure, cache, cancel, clock());
    }
};

Measure quick() {
    Measure measure;
    measure.warmup = 2, measure.min_samples = 9, measure.max_samples = 50;
    measure.min_time_s = 0, measure.max_noise_pct = 5, measure.timeout_s = 1000;
    return measure;
}

} // namespace

TEST_CASE("quiet calls stop at min_samples by the noise rule", "[experiments]") {
    FakeMachine machine;
    const Measurement measurement = machine.measure(quick()).value();
    CHECK(measurement.stop_rule == "noise");
    CHECK(measurement.samples_ms.size() == 9);
    CHECK(measurement.samples_ms[0] == Approx(10));
    CHECK(measurement.calls_per_sample == 1);
    CHECK(machine.call_count == 11);
}

TEST_CASE("min_time_s holds sampling on", "[experiments]") {
    FakeMachine machine;
    Measure measure = quick();
    measure.min_time_s = 0.195; // 20 calls of 10 ms
    CHECK(machine.measure(measure).value().samples_ms.size() == 20);
}

TEST_CASE("noise holds sampling on until max_samples", "[experiments]") {
    FakeMachine machine;
    machine.call_factors = {1, 2};
    const Measurement measurement = machine.measure(quick()).value();
    CHECK(measurement.stop_rule == "max_samples");
    CHECK(measurement.samples_ms.size() == 50);
}

TEST_CASE("timeout stops noisy calls, also a slow warm-up", "[experiments]") {
    FakeMachine machine;
    machine.call_factors = {1, 2};
    Measure measure = quick();
    measure.timeout_s = 0.3;
    const Measurement measurement = machine.measure(measure).value();
    CHECK(measurement.stop_rule == "timeout");
    CHECK(machine.now_s == Approx(0.3).margin(0.021));

    FakeMachine slow;
    slow.call_s = 100;
    measure.warmup = 50;
    CHECK(slow.measure(measure).value().samples_ms.size() == 1);
    CHECK(slow.call_count == 2);
}

TEST_CASE("short calls are timed together and reported each", "[experiments]") {
    FakeMachine machine;
    machine.call_s = 1e-6;
    const Measurement measurement = machine.measure(quick()).value();
    CHECK(measurement.calls_per_sample >= 99); // 100 µs, but for rounding
    CHECK(measurement.calls_per_sample <= 101);
    CHECK(measurement.samples_ms[0] == Approx(1e-3));
    Measure no_warmup = quick();
    no_warmup.warmup = 0;
    CHECK(machine.measure(no_warmup).value().calls_per_sample >= 99);
}

TEST_CASE("cold caches: flushed before each call, its time not counted, never batched", "[experiments]") {
    FakeMachine machine;
    machine.call_s = 1e-6;
    Measure measure = quick();
    const Measurement measurement = machine.measure(measure, CacheState::cold).value();
    CHECK(measurement.calls_per_sample == 1);
    CHECK(measurement.samples_ms[0] == Approx(1e-3));
    CHECK(machine.flush_count == machine.call_count);
}

TEST_CASE("cancel keeps the samples so far; a failing call fails", "[experiments]") {
    CancelFlag cancel = false;
    FakeMachine machine;
    machine.call_factors = {1, 3};
    int calls = 0;
    const auto cancelled = measure_calls(
        [&] {
            if (++calls == 8) cancel = true;
            return machine.call();
        },
        quick(), CacheState::hot, &cancel, machine.clock());
    CHECK(cancelled.value().stop_rule == "cancelled");
    CHECK(cancelled.value().samples_ms.size() == 6);
    const auto failed = measure_calls([] { return Result<void>(fail("the kernel burst")); }, quick(), CacheState::hot,
                                      nullptr, machine.clock());
    CHECK(failed.error().what == "the kernel burst");
}

TEST_CASE("the machine's own clock moves and its flush touches memory", "[experiments]") {
    const MeasureClock clock = MeasureClock::steady();
    const double start_s = clock.now_s();
    clock.flush_caches();
    CHECK(clock.now_s() > start_s);
}
