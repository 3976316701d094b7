#include "build_info.h"
#include "engine/backends/cuda/cuda_status.h"
#include "engine/backends/cuda/telemetry.h"
#include "experiments/run.h"
#include <fstream>
#include <omp.h>
#include <sys/utsname.h>

namespace dilascope {

namespace {

// The processor's name as the kernel gives it; x86 says "model name", others "Model" or "Hardware", some say nothing.
std::string cpu_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(": ");
        if (colon == std::string::npos) continue;
        const std::string key = line.substr(0, line.find_first_of("\t:"));
        if (key == "model name" || key == "Model" || key == "Hardware") return line.substr(colon + 2);
    }
    utsname system{};
    return uname(&system) == 0 ? system.machine : "";
}

std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

void describe_gpu(const CudaStatus& status, Environment& here) {
    for (std::size_t index = 0; index < status.devices.size() && here.gpu.empty(); ++index) {
        if (!status.device_problems[index].empty()) continue;
        here.gpu = status.devices[index].name;
        const std::string version = Telemetry(status.devices[index].pci_id).driver_version();
        here.gpu_driver = version + (version.empty() ? "CUDA " : ", CUDA ") + status.driver_version;
    }
}

} // namespace

const Environment& this_environment() {
    static const Environment environment = [] {
        Environment here;
        here.cpu = cpu_name();
        here.threads = omp_get_max_threads();
        here.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
        describe_gpu(cuda_status(), here);
        here.build = DILASCOPE_BUILD;
        here.git_commit = DILASCOPE_GIT_COMMIT;
        here.git_dirty = DILASCOPE_GIT_DIRTY;
        return here;
    }();
    return environment;
}

} // namespace dilascope
