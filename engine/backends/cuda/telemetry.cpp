#include "engine/backends/cuda/telemetry.h"
#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace dilascope {

namespace {

struct Limit {
    unsigned long long bit;
    const char* words;
    bool is_throttling; // the device protects itself, or its supply
};
constexpr Limit limits[] = {
    {0x001, "idle", false},
    {0x002, "clocks set by someone", false},
    {0x004, "power limit", true},
    {0x008, "hardware slowdown", true},
    {0x010, "in step with other GPUs", false},
    {0x020, "too hot (software)", true},
    {0x040, "too hot (hardware)", true},
    {0x080, "power brake", true},
    {0x100, "clocks of the display", false},
};

std::optional<double> value_of(int error, double value) { return error == 0 ? std::optional(value) : std::nullopt; }

void add_words(std::vector<std::string>& all, const GpuReading& reading, bool with_idle) {
    for (const std::string& words : reading.limits)
        if ((with_idle || words != limits[0].words) && std::find(all.begin(), all.end(), words) == all.end())
            all.push_back(words);
}

// `better` of what is known.
template <class Better> void keep(std::optional<double>& kept, const std::optional<double>& value, Better&& better) {
    if (value) kept = kept ? better(*kept, *value) : *value;
}

} // namespace

std::vector<std::string> words_of_throttle_bits(unsigned long long bits) {
    std::vector<std::string> words;
    for (const Limit& limit : limits) {
        if (bits & limit.bit) words.emplace_back(limit.words);
        bits &= ~limit.bit;
    }
    if (bits != 0) words.push_back(fmt::format("unknown limit {:#x}", bits));
    return words;
}

bool is_throttled(const GpuReading& reading) {
    return std::any_of(std::begin(limits), std::end(limits), [&](const Limit& limit) {
        return limit.is_throttling &&
               std::find(reading.limits.begin(), reading.limits.end(), limit.words) != reading.limits.end();
    });
}

Telemetry::Telemetry(std::string_view pci_id, const Nvml& library) : library_(library), absence_(library.problem) {
    if (!absence_.empty()) return;
    if (const int error = library_.device_by_pci_id(std::string(pci_id).c_str(), &device_); error != 0)
        absence_ = fmt::format("NVML knows no GPU at {}: {}", pci_id, library_.error_text(error));
}

std::string Telemetry::driver_version() const {
    std::array<char, 96> text{};
    if (!library_.problem.empty() || library_.driver_version(text.data(), unsigned(text.size())) != 0) return "";
    return text.data();
}

std::optional<double> Telemetry::max_sm_clock_mhz() const {
    unsigned mhz = 0;
    if (!absence_.empty()) return {};
    const int error = library_.max_clock_mhz(device_, nvml_sm_clock, &mhz);
    return value_of(error, mhz);
}

std::optional<double> Telemetry::power_limit_w() const {
    unsigned milliwatts = 0;
    if (!absence_.empty()) return {};
    const int error = library_.power_limit_mw(device_, &milliwatts);
    return value_of(error, milliwatts / 1000.0);
}

GpuReading Telemetry::read() const {
    GpuReading reading;
    if (!absence_.empty()) return reading;
    unsigned value = 0;
    int error = library_.clock_mhz(device_, nvml_sm_clock, &value);
    reading.sm_clock_mhz = value_of(error, value);
    error = library_.clock_mhz(device_, nvml_memory_clock, &value);
    reading.memory_clock_mhz = value_of(error, value);
    error = library_.power_mw(device_, &value);
    reading.power_w = value_of(error, value / 1000.0);
    error = library_.temperature_c(device_, 0, &value);
    reading.temperature_c = value_of(error, value);
    unsigned long long bits = 0;
    if (library_.throttle_bits(device_, &bits) == 0) reading.limits = words_of_throttle_bits(bits);
    return reading;
}

TelemetrySampler::TelemetrySampler(const Telemetry& telemetry, std::chrono::milliseconds period)
    : telemetry_(telemetry) {
    readings_.push_back(telemetry_.read());
    if (telemetry_.absence().empty() && period.count() > 0) thread_ = std::thread([this, period] { run(period); });
}

TelemetrySampler::~TelemetrySampler() {
    is_done_ = true;
    if (thread_.joinable()) thread_.join();
}

void TelemetrySampler::run(std::chrono::milliseconds period) {
    for (auto next = std::chrono::steady_clock::now() + period; !is_done_; next += period) {
        // in short steps, so that finish() does not wait for a long period
        while (!is_done_ && std::chrono::steady_clock::now() < next)
            std::this_thread::sleep_for(std::min(period, std::chrono::milliseconds(5)));
        if (!is_done_) readings_.push_back(telemetry_.read());
    }
}

TelemetrySummary TelemetrySampler::finish() {
    is_done_ = true;
    if (thread_.joinable()) thread_.join();
    readings_.push_back(telemetry_.read());
    TelemetrySummary summary;
    summary.before = readings_.front(), summary.after = readings_.back();
    summary.absence = telemetry_.absence();
    if (!summary.absence.empty()) return summary;
    summary.sample_count = int(readings_.size());
    double clock_sum = 0;
    int clock_count = 0;
    const auto smaller = [](double a, double b) { return std::min(a, b); };
    const auto larger = [](double a, double b) { return std::max(a, b); };
    for (const GpuReading& reading : readings_) {
        keep(summary.sm_clock_mhz_min, reading.sm_clock_mhz, smaller);
        keep(summary.power_w_max, reading.power_w, larger);
        keep(summary.temperature_c_max, reading.temperature_c, larger);
        if (reading.sm_clock_mhz) clock_sum += *reading.sm_clock_mhz, ++clock_count;
        const bool is_end = &reading == &readings_.front() || &reading == &readings_.back();
        add_words(summary.limits, reading, !is_end);
    }
    if (clock_count > 0) summary.sm_clock_mhz_mean = clock_sum / clock_count;
    return summary;
}

} // namespace dilascope
