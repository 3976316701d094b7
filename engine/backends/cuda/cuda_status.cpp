#include "engine/backends/cuda/cuda_status.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

// Why `index` cannot be used; "" when it can.
std::string device_problem(int index, const DeviceProperties& device) {
    if (device.compute_major >= 8) return "";
    return fmt::format(
        "cuda device {} ({}): compute capability {}.{}; expected 8.0 or newer (Ampere); use a newer GPU, "
        "or the cpu backend",
        index, device.name, device.compute_major, device.compute_minor);
}

// Why there is no list of devices.
std::string list_problem(const CudaStatus& status, DeviceStatus answer, const std::string& words) {
    if (status.driver_version.empty() || answer == DeviceStatus::no_driver)
        return fmt::format(
            "cuda: no NVIDIA driver found; expected one for CUDA {}.0 or newer; install it to use a GPU, "
            "the cpu backend works without",
            status.runtime_version.substr(0, status.runtime_version.find('.')));
    if (answer == DeviceStatus::driver_too_old)
        return fmt::format("cuda: the driver serves CUDA {}; expected {} or newer, the runtime of this binary; update "
                           "the driver, or build with an older CUDA Toolkit",
                           status.driver_version, status.runtime_version);
    if (answer == DeviceStatus::ok || answer == DeviceStatus::no_device)
        return fmt::format(
            "cuda: the driver for CUDA {} shows no GPU; expected one of compute capability 8.0 or newer; "
            "see what nvidia-smi says, and whether CUDA_VISIBLE_DEVICES hides it",
            status.driver_version);
    return fmt::format("cuda: the driver for CUDA {} answered {}; expected a list of GPUs; see what nvidia-smi says",
                       status.driver_version, words);
}

} // namespace

CudaStatus read_cuda_status(DeviceApi& api) {
    CudaStatus status;
    int version = 0, count = 0;
    if (api.runtime_version(version) != DeviceStatus::ok) {
        status.problem = api.last_error();
        return status;
    }
    status.built = true;
    status.runtime_version = version_text(version);
    if (api.driver_version(version) == DeviceStatus::ok && version > 0) status.driver_version = version_text(version);
    const DeviceStatus answer = api.device_count(count);
    if (answer != DeviceStatus::ok || count == 0 || status.driver_version.empty()) {
        status.problem = list_problem(status, answer, answer == DeviceStatus::ok ? "" : api.last_error());
        return status;
    }
    bool is_any_usable = false;
    for (int index = 0; index < count; ++index) {
        DeviceProperties& device = status.devices.emplace_back();
        std::string& problem = status.device_problems.emplace_back();
        if (api.properties(index, device) == DeviceStatus::ok)
            problem = device_problem(index, device);
        else
            problem = fmt::format("cuda device {}: its properties are not known ({}); expected a working GPU; see what "
                                  "nvidia-smi says",
                                  index, api.last_error());
        is_any_usable |= problem.empty();
    }
    if (!is_any_usable) status.problem = status.device_problems.front();
    return status;
}

const CudaStatus& cuda_status() {
    static const CudaStatus status = read_cuda_status(cuda_api());
    return status;
}

} // namespace dilascope
