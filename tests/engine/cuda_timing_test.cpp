// Timing of launches by the emulated clock: batches of hot ones, evicted L2 of cold ones, graphs or none, cancelling.
#include "engine/backends/cuda/timing.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/emulated_gpu/emulated_api.h"

using namespace dilascope;

namespace {

struct Params {
    int unused = 0;
};

// A device whose launches take `launch_ms` of its clock, and call `on_launch`.
struct TimingSetup {
    explicit TimingSetup(
        double launch_ms, std::function<void()> on_launch = [] {})
        : api([on_launch](const KernelLaunch&) { return on_launch(), DeviceStatus::ok; }) {
        api.launch_ms = launch_ms;
        device = std::move(CudaDevice::open(api).value());
    }
    // Two launches a repetition.
    LaunchWork work() {
        return [this](const Stream& stream) -> Result<void> {
            ++work_calls;
            TRY(device->launch("first", {1, 1, 1}, 32, 0, Params{}, stream));
            return device->launch("second", {1, 1, 1}, 32, 0, Params{}, stream);
        };
    }
    ~TimingSetup() {
        const bool is_lost = device->is_lost(); // then nothing is freed
        device.reset();
        CHECK((is_lost || api.leaks() == ""));
        CHECK(api.mistakes().empty());
    }
    EmulatedApi api;
    std::unique_ptr<CudaDevice> device;
    int work_calls = 0;
};

} // namespace

TEST_CASE("a hot sample repeats a graph until it is long enough, and tells the mean", "[cuda]") {
    TimingSetup setup(0.0625); // a repetition takes 0.125 ms
    LaunchTimerOptions options;
    options.warmup = 3;
    LaunchTimer timer = LaunchTimer::make(*setup.device, setup.work(), options).value();
    CHECK(setup.work_calls == 2); // once alone, once captured
    CHECK(timer.calls_per_sample() == 8);
    CHECK(timer.graph_absence() == "");
    const std::size_t before = setup.api.launches().size();
    CHECK(before == 2 * (1 + 3 + 1)); // alone, warm-up, trial
    CHECK(timer.sample_ms().value() == Approx(0.125));
    CHECK(setup.api.launches().size() == before + 2 * 8);
    CHECK(setup.work_calls == 2);
    CHECK(setup.api.calls(ApiCall::fill) == 0);
    options.calls_per_sample_max = 5;
    CHECK(LaunchTimer::make(*setup.device, setup.work(), options).value().calls_per_sample() == 5);
    setup.api.launch_ms = 0; // faster than the clock
    CHECK(LaunchTimer::make(*setup.device, setup.work(), options).value().calls_per_sample() == 5);
    setup.api.launch_ms = 70;
    CHECK(LaunchTimer::make(*setup.device, setup.work(), options).value().calls_per_sample() == 1);
}

TEST_CASE("a cold sample evicts L2 before each repetition, and does not count that", "[cuda]") {
    TimingSetup setup(0.0625);
    LaunchTimerOptions options;
    options.l2 = L2State::cold;
    setup.api.fill_gb_per_s = 1; // 100 ms a fill
    CHECK(time_launches(*setup.device, setup.work(), 3, options).value() == std::vector<double>{0.125, 0.125, 0.125});
    CHECK(setup.api.calls(ApiCall::fill) == 3);
    CHECK(setup.api.calls(ApiCall::synchronize) >= 3);

    TimingSetup small(0.0625);
    small.api.devices[0].l2_bytes = std::int64_t(2) << 30; // more than the memory
    small.device = std::move(CudaDevice::open(small.api).value());
    CHECK_THAT(time_launches(*small.device, small.work(), 3, options).error().what, contains("cuda/evicting on cuda"));
}

TEST_CASE("work that no graph can hold is launched singly, which is told", "[cuda]") {
    TimingSetup setup(1);
    setup.api.fail_at(ApiCall::end_capture, 1, DeviceStatus::failed, "cudaErrorStreamCaptureInvalidated: …");
    LaunchTimer timer = LaunchTimer::make(*setup.device, setup.work()).value();
    CHECK_THAT(timer.graph_absence(), contains("end a capture: cudaErrorStreamCaptureInvalidated"));
    const int calls = setup.work_calls;
    CHECK(timer.sample_ms().value() == Approx(2));
    CHECK(setup.work_calls == calls + 1);
}

TEST_CASE("errors of the work and a lost device end the timing", "[cuda]") {
    TimingSetup setup(1);
    const auto failing = [](const Stream&) { return Result<void>(fail("no such shape")); };
    CHECK(time_launches(*setup.device, failing, 3).error().what == "no such shape");
    setup.api.fail_at(ApiCall::synchronize, 5, DeviceStatus::lost);
    CHECK_THAT(time_launches(*setup.device, setup.work(), 10).error().what, contains("was lost at"));
    CHECK_THAT(time_launches(*setup.device, setup.work(), 10).error().what, contains("was lost at"));

    TimingSetup second(1);
    second.api.fail_at(ApiCall::end_capture, 1, DeviceStatus::lost);
    CHECK_THAT(LaunchTimer::make(*second.device, second.work()).error().what, contains("was lost at"));
}

TEST_CASE("timing is cancelled between two repetitions", "[cuda]") {
    CancelFlag cancel = false;
    int launches = 0;
    TimingSetup setup(0.0625, [&] { cancel = ++launches >= 100; });
    LaunchTimerOptions options;
    options.cancel = &cancel;
    CHECK(time_launches(*setup.device, setup.work(), 1000, options).error().what == "timing of launches: cancelled");
    CHECK(launches == 100);
}
