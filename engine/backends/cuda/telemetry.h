#pragma once
// Telemetry: what a GPU's clocks, power and temperature are, read and never set. A measured time without them cannot be
// compared with another day's. That there is none is a reason in words, not an error.
#include "engine/backends/cuda/nvml.h"
#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dilascope {

// One moment; what the device does not tell is empty.
struct GpuReading {
    std::optional<double> sm_clock_mhz, memory_clock_mhz;
    std::optional<double> power_w, temperature_c;
    std::vector<std::string> limits; // why the clocks are below the highest: "power limit", "idle" …
};

// Words of NVML's bits, lowest first: "idle", "power limit", "too hot" …
std::vector<std::string> words_of_throttle_bits(unsigned long long bits);
// True when something else than idling or a setting holds the clocks down: such a time says little.
bool is_throttled(const GpuReading& reading);

class Telemetry {
public:
    // Of the device with this PCI id ("0000:19:00.0", DeviceProperties::pci_id).
    explicit Telemetry(std::string_view pci_id, const Nvml& library = nvml());
    const std::string& absence() const { return absence_; } // why there is none; "" when there is
    std::string driver_version() const;                     // "580.65.06"; "" when not known
    std::optional<double> max_sm_clock_mhz() const, power_limit_w() const;
    GpuReading read() const; // empty when there is none

private:
    const Nvml& library_;
    void* device_ = nullptr;
    std::string absence_;
};

// What the device was like around a timed section.
struct TelemetrySummary {
    GpuReading before, after;
    int sample_count = 0; // with the two
    // over all samples
    std::optional<double> sm_clock_mhz_min, sm_clock_mhz_mean, power_w_max, temperature_c_max;
    std::vector<std::string> limits; // any that was seen, but idling before and after
    std::string absence;
};

// Samples from its construction to finish(): before, every `period` between on a thread of its own, and after. A period
// of zero takes the two alone, for sections too short for more.
class TelemetrySampler {
public:
    explicit TelemetrySampler(const Telemetry& telemetry,
                              std::chrono::milliseconds period = std::chrono::milliseconds(20));
    TelemetrySampler(const TelemetrySampler&) = delete;
    ~TelemetrySampler();
    TelemetrySummary finish();

private:
    void run(std::chrono::milliseconds period);
    const Telemetry& telemetry_;
    std::atomic<bool> is_done_ = false;
    std::vector<GpuReading> readings_; // the thread's alone until it is joined
    std::thread thread_;
};

} // namespace dilascope
