#include "engine/backends/cuda/nvml.h"
#include <dlfcn.h>
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr const char* library_name = "libnvidia-ml.so.1"; // the driver's own, not the toolkit's stub

// Finds `name`, or notes that it is missing.
template <class Function> void find(void* library, const char* name, Function*& function, std::string& missing) {
    function = reinterpret_cast<Function*>(dlsym(library, name));
    if (!function) missing = name;
}

Nvml load_nvml() {
    Nvml found;
    void* library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        found.problem = fmt::format("{} is not on this machine: it comes with the NVIDIA driver", library_name);
        return found;
    }
    std::string missing;
    int (*init)() = nullptr;
    find(library, "nvmlInit_v2", init, missing);
    find(library, "nvmlErrorString", found.error_text, missing);
    find(library, "nvmlSystemGetDriverVersion", found.driver_version, missing);
    find(library, "nvmlDeviceGetHandleByPciBusId_v2", found.device_by_pci_id, missing);
    find(library, "nvmlDeviceGetClockInfo", found.clock_mhz, missing);
    find(library, "nvmlDeviceGetMaxClockInfo", found.max_clock_mhz, missing);
    find(library, "nvmlDeviceGetPowerUsage", found.power_mw, missing);
    find(library, "nvmlDeviceGetEnforcedPowerLimit", found.power_limit_mw, missing);
    find(library, "nvmlDeviceGetTemperature", found.temperature_c, missing);
    std::string missing_new_name;
    find(library, "nvmlDeviceGetCurrentClocksEventReasons", found.throttle_bits, missing_new_name); // driver 535 and on
    if (!found.throttle_bits) find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", found.throttle_bits, missing);
    if (!missing.empty()) {
        found = {};
        found.problem = fmt::format("{} has no {}; expected a driver of 2017 or newer", library_name, missing);
    } else if (const int error = init(); error != 0) {
        const std::string words = found.error_text(error);
        found = {};
        found.problem = fmt::format("{} does not start: {}", library_name, words);
    }
    return found;
}

} // namespace

const Nvml& nvml() {
    static const Nvml* loaded = new Nvml(load_nvml());
    return *loaded;
}

} // namespace dilascope
