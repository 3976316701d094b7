#include "engine/backends/cuda/timing.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

Result<RepeatedLaunch> RepeatedLaunch::make(CudaDevice& device, LaunchWork work, const CancelFlag* cancel) {
    RepeatedLaunch repeated;
    repeated.device_ = &device, repeated.work_ = std::move(work), repeated.cancel_ = cancel;
    repeated.stream_ = TRY(device.create_stream());
    repeated.start_ = TRY(device.create_event());
    repeated.stop_ = TRY(device.create_event());
    // The first run is not captured: it loads the kernels' code, and shows the errors of the work itself.
    TRY(repeated.work_(repeated.stream_));
    TRY(device.synchronize(repeated.stream_));
    repeated.capture();
    return repeated;
}

// Work that no graph can hold is repeated without one, which is told.
void RepeatedLaunch::capture() {
    auto graph = device_->capture(stream_, [this] { return work_(stream_); });
    if (graph)
        graph_ = std::move(*graph);
    else
        graph_absence_ = std::move(graph.error().what);
}

Result<void> RepeatedLaunch::repeat_once() {
    if (is_cancelled(cancel_)) return fail("timing of launches: cancelled");
    return graph_ ? device_->launch(graph_, stream_) : work_(stream_);
}

Result<double> RepeatedLaunch::repeat_ms(std::int64_t count) {
    TRY(device_->record(start_, stream_));
    for (std::int64_t repetition = 0; repetition < count; ++repetition) TRY(repeat_once());
    TRY(device_->record(stop_, stream_));
    TRY(device_->synchronize(stream_));
    return double(TRY(device_->elapsed_ms(start_, stop_))) / double(count);
}

Result<void> RepeatedLaunch::evict_l2() {
    if (evicting_.size() == 0)
        evicting_ = TRY(device_->allocate<std::byte>(2 * device_->properties().l2_bytes, "cuda/evicting"));
    return evicting_.fill(0, stream_);
}

Result<LaunchTimer> LaunchTimer::make(CudaDevice& device, LaunchWork work, const LaunchTimerOptions& options) {
    LaunchTimer timer;
    timer.repeated_ = TRY(RepeatedLaunch::make(device, std::move(work), options.cancel));
    timer.l2_ = options.l2;
    if (options.warmup > 0) TRY(timer.repeated_.repeat_ms(options.warmup));
    if (options.l2 == L2State::cold) return timer;
    const double once_ms = TRY(timer.repeated_.repeat_ms(1));
    const double wanted = once_ms > 0 ? std::ceil(options.sample_ms_min / once_ms) : options.calls_per_sample_max;
    timer.calls_per_sample_ = int(std::clamp(wanted, 1.0, double(std::max(1, options.calls_per_sample_max))));
    return timer;
}

Result<double> LaunchTimer::sample_ms() {
    if (l2_ == L2State::cold) TRY(repeated_.evict_l2());
    return repeated_.repeat_ms(calls_per_sample_);
}

Result<std::vector<double>> time_launches(CudaDevice& device, const LaunchWork& work, int sample_count,
                                          const LaunchTimerOptions& options) {
    LaunchTimer timer = TRY(LaunchTimer::make(device, work, options));
    std::vector<double> samples;
    for (int sample = 0; sample < sample_count; ++sample) samples.push_back(TRY(timer.sample_ms()));
    return samples;
}

} // namespace dilascope
