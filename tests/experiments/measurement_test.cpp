// Measurement on a clock of the test's own: each stop rule, batching, cold caches, cancel.
#include "engine/backends/host_call.h"
#include "experiments/measurement.h"
#include "experiments/measuring_turn.h"
#include "tests/catch.h"
#include <array>
#include <thread>

using namespace dilascope;

namespace {

// Time moves only where a call or a flush moves it.
struct FakeMachine final : ReadyCall {
    double now_s = 0, call_s = 0.01, flush_s = 1;
    int call_count = 0, flush_count = 0;
    std::vector<double> call_factors; // of the calls, in turn; empty: all alike
    std::function<Result<void>()> before_call;
    Result<double> run() override {
        if (before_call) TRY(before_call());
        const double factor = call_factors.empty() ? 1 : call_factors[std::size_t(call_count) % call_factors.size()];
        ++call_count;
        now_s += call_s * factor;
        return call_s * factor;
    }
    Result<double> seconds_of(std::int64_t count) override {
        double sum_s = 0;
        for (std::int64_t index = 0; index < count; ++index) sum_s += TRY(run());
        return sum_s / double(count);
    }
    Result<void> flush_caches() override {
        ++flush_count, now_s += flush_s;
        return {};
    }
    Result<Measurement> measure(const Measure& measure, CacheState cache = CacheState::hot,
                                const CancelFlag* cancel = nullptr) {
        return measure_calls(*this, measure, cache, cancel, [this] { return now_s; });
    }
};

Measure nine_samples() {
    Measure measure;
    measure.warmup = 2, measure.min_samples = 9, measure.max_samples = 50;
    measure.min_time_s = 0, measure.max_noise_pct = 5, measure.timeout_s = 1000;
    return measure;
}

} // namespace

TEST_CASE("quiet calls stop at min_samples by the noise rule", "[experiments]") {
    FakeMachine machine;
    const Measurement measurement = machine.measure(nine_samples()).value();
    CHECK(measurement.stop_rule == "noise");
    CHECK(measurement.samples_ms.size() == 9);
    CHECK(measurement.samples_ms[0] == Approx(10));
    CHECK(measurement.calls_per_sample == 1);
    CHECK(machine.call_count == 11);
}

TEST_CASE("min_time_s holds sampling on", "[experiments]") {
    FakeMachine machine;
    Measure measure = nine_samples();
    measure.min_time_s = 0.195; // 20 calls of 10 ms
    CHECK(machine.measure(measure).value().samples_ms.size() == 20);
}

TEST_CASE("noise holds sampling on until max_samples", "[experiments]") {
    FakeMachine machine;
    machine.call_factors = {1, 2};
    const Measurement measurement = machine.measure(nine_samples()).value();
    CHECK(measurement.stop_rule == "max_samples");
    CHECK(measurement.samples_ms.size() == 50);
}

TEST_CASE("timeout stops noisy calls, also a slow warm-up", "[experiments]") {
    FakeMachine machine;
    machine.call_factors = {1, 2};
    Measure measure = nine_samples();
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
    const Measurement measurement = machine.measure(nine_samples()).value();
    CHECK(measurement.calls_per_sample >= 99); // 100 µs, but for rounding
    CHECK(measurement.calls_per_sample <= 101);
    CHECK(measurement.samples_ms[0] == Approx(1e-3));
    Measure no_warmup = nine_samples();
    no_warmup.warmup = 0;
    CHECK(machine.measure(no_warmup).value().calls_per_sample >= 99);
}

TEST_CASE("cold caches: flushed before each call, its time not counted, never batched", "[experiments]") {
    FakeMachine machine;
    machine.call_s = 1e-6;
    Measure measure = nine_samples();
    const Measurement measurement = machine.measure(measure, CacheState::cold).value();
    CHECK(measurement.calls_per_sample == 1);
    CHECK(measurement.samples_ms[0] == Approx(1e-3));
    CHECK(machine.flush_count == machine.call_count);
}

TEST_CASE("cancel keeps the samples so far, a failing call fails", "[experiments]") {
    CancelFlag cancel = false;
    FakeMachine machine;
    machine.call_factors = {1, 3};
    int calls = 0;
    machine.before_call = [&]() -> Result<void> {
        if (++calls == 8) cancel = true;
        return {};
    };
    const auto cancelled = machine.measure(nine_samples(), CacheState::hot, &cancel);
    CHECK(cancelled.value().stop_rule == "cancelled");
    CHECK(cancelled.value().samples_ms.size() == 6);
    machine.before_call = [] { return Result<void>(fail("the kernel burst")); };
    const auto failed = machine.measure(nine_samples());
    CHECK(failed.error().what == "the kernel burst");
}

TEST_CASE("a call on the host is timed by the machine's clock, its flush touches memory", "[experiments][slow]") {
    int calls = 0;
    HostCall call([&]() -> Result<void> { return ++calls, Result<void>(); });
    const double start_s = steady_now_s();
    REQUIRE(call.flush_caches());
    CHECK(steady_now_s() > start_s);
    CHECK(call.seconds_of(3).value() >= 0);
    CHECK(calls == 3);
    CHECK(call.run().value() >= 0);
    CHECK(calls == 4);
}

TEST_CASE("one measurement at a time, a waiting one can be cancelled", "[experiments]") {
    std::atomic<int> at_once = 0, most_at_once = 0;
    std::array<std::string, 2> stop_rules;
    const auto measure = [&](std::size_t index) {
        FakeMachine machine;
        machine.before_call = [&]() -> Result<void> {
            most_at_once = std::max<int>(most_at_once, ++at_once);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            --at_once;
            return {};
        };
        stop_rules[index] = machine.measure(nine_samples()).value().stop_rule;
    };
    std::thread beside(measure, 0);
    measure(1);
    beside.join();
    CHECK(stop_rules == std::array<std::string, 2>{"noise", "noise"});
    CHECK(most_at_once == 1);
    CHECK_FALSE(MeasuringTurn::is_taken());

    const MeasuringTurn turn = MeasuringTurn::take(nullptr).value();
    std::thread waiting([] {
        CHECK(MeasuringTurn::is_taken());
        FakeMachine machine;
        const CancelFlag cancel = true;
        CHECK(machine.measure(nine_samples(), CacheState::hot, &cancel).value().stop_rule == "cancelled");
        CHECK(machine.call_count == 0);
    });
    waiting.join();
}
