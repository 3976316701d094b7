// Telemetry over a library of the test's own: right numbers, words for limits, and absence as a reason.
#include "engine/backends/cuda/telemetry.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include <algorithm>
#include <atomic>
#include <cstring>

using namespace dilascope;

namespace {

using Words = std::vector<std::string>;

// The device behind fake_nvml(); the library's functions are plain, so it is the test program's one.
struct FakeGpu {
    std::atomic<unsigned> sm_mhz = 1980, power_mw = 350500;
    std::atomic<unsigned long long> bits = 0;
    std::atomic<int> power_error = 0, reads = 0;
} gpu;

Nvml fake_nvml() {
    Nvml library;
    library.error_text = [](int error) { return error == 6 ? "Not Found" : "Not Supported"; };
    library.driver_version = [](char* text, unsigned length) {
        std::strncpy(text, "580.65.06", length);
        return 0;
    };
    library.device_by_pci_id = [](const char* pci_id, void** device) {
        *device = &gpu;
        return std::strcmp(pci_id, "0000:19:00.0") == 0 ? 0 : 6;
    };
    library.clock_mhz = [](void* device, int kind, unsigned* mhz) {
        ++gpu.reads;
        *mhz = kind == 1 ? static_cast<FakeGpu*>(device)->sm_mhz.load() : 2619;
        return kind == 1 || kind == 2 ? 0 : 2;
    };
    library.max_clock_mhz = [](void*, int, unsigned* mhz) { return *mhz = 1980, 0; };
    library.power_mw = [](void*, unsigned* milliwatts) { return *milliwatts = gpu.power_mw, gpu.power_error.load(); };
    library.power_limit_mw = [](void*, unsigned* milliwatts) { return *milliwatts = 700000, 0; };
    library.temperature_c = [](void*, int sensor, unsigned* celsius) { return *celsius = 61, sensor; };
    library.throttle_bits = [](void*, unsigned long long* bits) { return *bits = gpu.bits, 0; };
    return library;
}

} // namespace

TEST_CASE("telemetry reads clocks, power, temperature and limits of the GPU at a PCI id", "[cuda]") {
    const Nvml library = fake_nvml();
    const Telemetry telemetry("0000:19:00.0", library);
    CHECK(telemetry.absence() == "");
    CHECK(telemetry.driver_version() == "580.65.06");
    CHECK(telemetry.max_sm_clock_mhz() == 1980.0);
    CHECK(telemetry.power_limit_w() == 700.0);
    gpu.bits = 0x4;
    GpuReading reading = telemetry.read();
    CHECK(reading.sm_clock_mhz == 1980.0);
    CHECK(reading.memory_clock_mhz == 2619.0);
    CHECK(reading.power_w == 350.5);
    CHECK(reading.temperature_c == 61.0);
    CHECK(reading.limits == Words{"power limit"});
    gpu.power_error = 3, gpu.bits = 0;
    reading = telemetry.read();
    CHECK_FALSE(reading.power_w);
    CHECK(reading.sm_clock_mhz);
    CHECK(reading.limits.empty());
    gpu.power_error = 0;
}

TEST_CASE("no library and no such GPU are reasons, and reading then is empty", "[cuda]") {
    Nvml none;
    none.problem = "no library";
    const Telemetry without("0000:19:00.0", none);
    CHECK(without.absence() == "no library");
    CHECK(without.driver_version() == "");
    CHECK_FALSE(without.max_sm_clock_mhz());
    CHECK_FALSE(without.power_limit_w());
    CHECK_FALSE(without.read().sm_clock_mhz);
    TelemetrySampler sampler(without);
    const TelemetrySummary summary = sampler.finish();
    CHECK(summary.absence == "no library");
    CHECK(summary.sample_count == 0);

    const Nvml library = fake_nvml();
    CHECK(Telemetry("0000:20:00.0", library).absence() == "NVML knows no GPU at 0000:20:00.0: Not Found");
    const Nvml& own = nvml(); // this machine's: either is right, but one of them
    CHECK(own.problem.empty() == (own.device_by_pci_id != nullptr));
    if (!own.problem.empty()) CHECK_THAT(own.problem, contains("libnvidia-ml.so.1"));
}

TEST_CASE("limits are words, those that protect the device count as throttling", "[cuda]") {
    CHECK(words_of_throttle_bits(0).empty());
    CHECK(words_of_throttle_bits(0x1ff) == Words{"idle", "clocks set by someone", "power limit", "hardware slowdown",
                                                 "in step with other GPUs", "too hot (software)", "too hot (hardware)",
                                                 "power brake", "clocks of the display"});
    CHECK(words_of_throttle_bits(0x601) == Words{"idle", "unknown limit 0x600"});
    GpuReading reading;
    for (int bit = 0; bit < 9; ++bit) {
        reading.limits = words_of_throttle_bits(1ull << bit);
        CHECK(is_throttled(reading) == ((0xecull >> bit & 1) != 0));
    }
}

TEST_CASE("a sampler tells the lowest clock and every limit of a section, but not idling around it", "[cuda]") {
    const Nvml library = fake_nvml();
    const Telemetry telemetry("0000:19:00.0", library);
    gpu.bits = 0x1, gpu.sm_mhz = 1980, gpu.power_mw = 100000;
    TelemetrySampler sampler(telemetry, std::chrono::milliseconds(1));
    gpu.bits = 0x4, gpu.sm_mhz = 1200, gpu.power_mw = 690000;
    const int reads = gpu.reads;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (gpu.reads < reads + 6 && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    gpu.bits = 0x1, gpu.sm_mhz = 1980, gpu.power_mw = 200000;
    const TelemetrySummary summary = sampler.finish();
    CHECK(summary.sample_count >= 4);
    CHECK(summary.before.limits == Words{"idle"});
    CHECK(summary.before.power_w == 100.0);
    CHECK(summary.after.power_w == 200.0);
    CHECK(summary.sm_clock_mhz_min == 1200.0);
    CHECK(*summary.sm_clock_mhz_mean > 1200.0);
    CHECK(*summary.sm_clock_mhz_mean < 1980.0);
    CHECK(summary.power_w_max == 690.0);
    CHECK(summary.temperature_c_max == 61.0);
    CHECK(std::find(summary.limits.begin(), summary.limits.end(), "power limit") != summary.limits.end());

    TelemetrySampler two(telemetry, std::chrono::milliseconds(0));
    const TelemetrySummary ends = two.finish();
    CHECK(ends.sample_count == 2);
    CHECK(ends.limits.empty());
}
