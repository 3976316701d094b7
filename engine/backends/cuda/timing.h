#pragma once
// LaunchTimer: times what is put on a stream, by events and one graph launch a repetition, so that what the host spends
// on launches does not count.
//
// Hot samples repeat the work back to back until one lasts long enough for the events' resolution (about half a
// microsecond), and tell the mean. Cold samples evict L2 first, by filling a buffer of twice its size, and time one
// repetition; the fill also hides the host's launch behind work of the device. Its lines are dirty: a cold time holds
// their write-back, as it would after any other kernel.
#include "engine/backends/backend.h"
#include "engine/backends/cuda/device.h"
#include <functional>
#include <string>
#include <vector>

namespace dilascope {

enum class L2State : std::uint8_t { hot, cold };

struct LaunchTimerOptions {
    L2State l2 = L2State::hot;
    double sample_ms_min = 1;           // hot: repetitions are batched until a sample lasts this long
    int calls_per_sample_max = 1000;    // hot
    int warmup = 2;                     // repetitions before the first sample
    const CancelFlag* cancel = nullptr; // looked at before every repetition; the error then says "cancelled"
};

class LaunchTimer {
public:
    // Puts its launches on the stream it is given, and does not synchronise.
    using Work = std::function<Result<void>(const Stream& stream)>;

    // Warms up, captures `work` in a graph and finds the repetitions of a sample. The device outlives the timer.
    static Result<LaunchTimer> make(CudaDevice& device, Work work, const LaunchTimerOptions& options = {});
    Result<double> sample_ms(); // of one repetition
    int calls_per_sample() const { return calls_per_sample_; }
    // Why the work is launched singly and not as a graph, "" when it is one: such times hold the host's launches.
    const std::string& graph_absence() const { return graph_absence_; }

private:
    LaunchTimer(CudaDevice& device, Work work, const LaunchTimerOptions& options);
    Result<void> prepare();
    void capture();
    Result<void> repeat_once();
    Result<double> repeat_ms(int count);

    CudaDevice* device_;
    Work work_;
    LaunchTimerOptions options_;
    Stream stream_;
    Event start_, stop_;
    Graph graph_;
    std::string graph_absence_;
    DeviceBuffer<std::byte> evicting_; // cold: 2 × L2
    int calls_per_sample_ = 1;
};

// `sample_count` samples of one repetition each, in the order taken.
Result<std::vector<double>> time_launches(CudaDevice& device, const LaunchTimer::Work& work, int sample_count,
                                          const LaunchTimerOptions& options = {});

} // namespace dilascope
