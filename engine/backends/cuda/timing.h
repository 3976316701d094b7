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

// Puts its launches on the stream it is given, and does not synchronise.
using LaunchWork = std::function<Result<void>(const Stream& stream)>;

// Work that is repeated on a stream of its own, as one graph where a graph can hold it.
class RepeatedLaunch {
public:
    // Runs the work once, and captures it. The device outlives this, and so does the flag (may be null), which is
    // looked at before every repetition.
    static Result<RepeatedLaunch> make(CudaDevice& device, LaunchWork work, const CancelFlag* cancel = nullptr);
    // Repeats it so many times and waits for the end; milliseconds of one repetition.
    Result<double> repeat_ms(std::int64_t count);
    Result<void> evict_l2(); // put on the stream: the next repetition comes after it
    // Why the work is launched singly and not as a graph, "" when it is one: such times hold the host's launches.
    const std::string& graph_absence() const { return graph_absence_; }

private:
    void capture();
    Result<void> repeat_once();

    CudaDevice* device_ = nullptr;
    LaunchWork work_;
    const CancelFlag* cancel_ = nullptr;
    Stream stream_;
    Event start_, stop_;
    Graph graph_;
    std::string graph_absence_;
    DeviceBuffer<std::byte> evicting_; // 2 × L2, from the first eviction on
};

class LaunchTimer {
public:
    // Warms up, captures `work` in a graph and finds the repetitions of a sample. The device outlives the timer.
    static Result<LaunchTimer> make(CudaDevice& device, LaunchWork work, const LaunchTimerOptions& options = {});
    Result<double> sample_ms(); // of one repetition
    int calls_per_sample() const { return calls_per_sample_; }
    const std::string& graph_absence() const { return repeated_.graph_absence(); }

private:
    RepeatedLaunch repeated_;
    L2State l2_ = L2State::hot;
    int calls_per_sample_ = 1;
};

// `sample_count` samples of one repetition each, in the order taken.
Result<std::vector<double>> time_launches(CudaDevice& device, const LaunchWork& work, int sample_count,
                                          const LaunchTimerOptions& options = {});

} // namespace dilascope
