#include "app/cuda_report.h"
#include "engine/backends/cuda/telemetry.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

using Json = nlohmann::ordered_json;

Json json_or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json telemetry_json(const DeviceProperties& device, const Nvml& library) {
    const Telemetry telemetry(device.pci_id, library);
    if (!telemetry.absence().empty()) return {{"problem", telemetry.absence()}};
    const GpuReading reading = telemetry.read();
    return {{"problem", ""},
            {"driver", telemetry.driver_version()},
            {"sm_clock_mhz", json_or_null(reading.sm_clock_mhz)},
            {"sm_clock_mhz_max", json_or_null(telemetry.max_sm_clock_mhz())},
            {"memory_clock_mhz", json_or_null(reading.memory_clock_mhz)},
            {"power_w", json_or_null(reading.power_w)},
            {"power_limit_w", json_or_null(telemetry.power_limit_w())},
            {"temperature_c", json_or_null(reading.temperature_c)},
            {"limits", reading.limits}};
}

Json device_json(const DeviceProperties& device, const std::string& problem, const Nvml& library) {
    return {{"name", device.name},
            {"problem", problem},
            {"pci_id", device.pci_id},
            {"compute_capability", fmt::format("{}.{}", device.compute_major, device.compute_minor)},
            {"multiprocessors", device.multiprocessors},
            {"clock_mhz_max", device.clock_khz / 1000},
            {"memory_gib", double(device.memory_bytes) / 0x1p30},
            {"l2_mib", double(device.l2_bytes) / 0x1p20},
            {"shared_kib_per_block", double(device.shared_bytes_per_block) / 1024},
            {"shared_kib_per_multiprocessor", double(device.shared_bytes_per_multiprocessor) / 1024},
            {"telemetry", telemetry_json(device, library)}};
}

std::string line(const char* name, const std::string& text) { return fmt::format("  {:<12} {}\n", name, text); }

// "1980 MHz", or "not told".
std::string told(const Json& value, const char* unit) {
    return value.is_null() ? "not told" : fmt::format("{:.0f} {}", value.get<double>(), unit);
}

std::string device_text(const Json& device) {
    std::string text =
        line("device", fmt::format("{} at {}, compute capability {}, {} multiprocessors at up to {} MHz",
                                   device["name"].get<std::string>(), device["pci_id"].get<std::string>(),
                                   device["compute_capability"].get<std::string>(),
                                   device["multiprocessors"].get<int>(), device["clock_mhz_max"].get<int>()));
    text += line("", fmt::format("{:.1f} GiB memory, {:.0f} MiB L2, {:.0f} KiB shared memory a block",
                                 device["memory_gib"].get<double>(), device["l2_mib"].get<double>(),
                                 device["shared_kib_per_block"].get<double>()));
    if (const auto problem = device["problem"].get<std::string>(); !problem.empty()) text += line("", problem);
    const Json& now = device["telemetry"];
    if (const auto problem = now["problem"].get<std::string>(); !problem.empty())
        return text + line("", "clocks and power are not known: " + problem);
    std::string limits;
    for (const Json& limit : now["limits"]) limits += (limits.empty() ? "" : ", ") + limit.get<std::string>();
    return text + line("", fmt::format("now {} of {}, memory {}, {} of {}, {}; limited by {}; driver {}",
                                       told(now["sm_clock_mhz"], "MHz"), told(now["sm_clock_mhz_max"], "MHz"),
                                       told(now["memory_clock_mhz"], "MHz"), told(now["power_w"], "W"),
                                       told(now["power_limit_w"], "W"), told(now["temperature_c"], "°C"),
                                       limits.empty() ? "nothing" : limits, now["driver"].get<std::string>()));
}

} // namespace

Json cuda_report(const CudaStatus& status, const Nvml& library) {
    Json report = {{"built", status.built},
                   {"runtime", status.runtime_version},
                   {"driver", status.driver_version},
                   {"telemetry", library.problem.empty() ? "NVML" : "none: " + library.problem},
                   {"problem", status.problem}};
    report["devices"] = Json::array();
    for (std::size_t index = 0; index < status.devices.size(); ++index)
        report["devices"].push_back(device_json(status.devices[index], status.device_problems[index], library));
    return report;
}

std::string cuda_report_text(const Json& report) {
    const auto driver = report["driver"].get<std::string>();
    std::string text = line("runtime", report["built"] ? report["runtime"].get<std::string>() : "not built");
    text += line("driver", driver.empty() ? "none" : "for CUDA " + driver);
    text += line("telemetry", report["telemetry"].get<std::string>());
    for (const Json& device : report["devices"]) text += device_text(device);
    if (const auto problem = report["problem"].get<std::string>(); !problem.empty()) text += line("problem", problem);
    return text;
}

} // namespace dilascope
