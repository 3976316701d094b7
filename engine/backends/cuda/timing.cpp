#include "engine/backends/cuda/timing.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

LaunchTimer::LaunchTimer(CudaDevice& device, Work work, const LaunchTimerOptions& options)
    : device_(&device), work_(std::move(work)), options_(options) {}

Result<LaunchTimer> LaunchTimer::make(CudaDevice& device, Work work, const LaunchTimerOptions& options) {
    LaunchTimer timer(device, std::move(work), options);
    TRY(timer.prepare());
    return timer;
}

Result<void> LaunchTimer::prepare() {
    stream_ = TRY(device_->create_stream());
    start_ = TRY(device_->create_event());
    stop_ = TRY(device_->create_event());
    if (options_.l2 == L2State::cold)
        evicting_ = TRY(device_->allocate<std::byte>(2 * device_->properties().l2_bytes, "cuda/evicting"));
    // The first run is not captured: it loads the kernels' code, and shows the errors of the work itself.
    TRY(work_(stream_));
    TRY(device_->synchronize(stream_));
    capture();
    for (int repetition = 0; repetition < options_.warmup; ++repetition) TRY(repeat_once());
    TRY(device_->synchronize(stream_));
    if (options_.l2 == L2State::cold) return {};
    const double once_ms = TRY(repeat_ms(1));
    const double wanted = once_ms > 0 ? std::ceil(options_.sample_ms_min / once_ms) : options_.calls_per_sample_max;
    calls_per_sample_ = int(std::clamp(wanted, 1.0, double(std::max(1, options_.calls_per_sample_max))));
    return {};
}

// Work that no graph can hold is timed without one, which is told.
void LaunchTimer::capture() {
    auto graph = device_->capture(stream_, [this] { return work_(stream_); });
    if (graph)
        graph_ = std::move(*graph);
    else
        graph_absence_ = std::move(graph.error().what);
}

Result<void> LaunchTimer::repeat_once() {
    if (is_cancelled(options_.cancel)) return fail("timing of launches: cancelled");
    return graph_ ? device_->launch(graph_, stream_) : work_(stream_);
}

Result<double> LaunchTimer::repeat_ms(int count) {
    if (evicting_.size() > 0) TRY(evicting_.fill(0, stream_));
    TRY(device_->record(start_, stream_));
    for (int repetition = 0; repetition < count; ++repetition) TRY(repeat_once());
    TRY(device_->record(stop_, stream_));
    TRY(device_->synchronize(stream_));
    return double(TRY(device_->elapsed_ms(start_, stop_))) / count;
}

Result<double> LaunchTimer::sample_ms() { return repeat_ms(calls_per_sample_); }

Result<std::vector<double>> time_launches(CudaDevice& device, const LaunchTimer::Work& work, int sample_count,
                                          const LaunchTimerOptions& options) {
    LaunchTimer timer = TRY(LaunchTimer::make(device, work, options));
    std::vector<double> samples;
    for (int sample = 0; sample < sample_count; ++sample) samples.push_back(TRY(timer.sample_ms()));
    return samples;
}

} // namespace dilascope
