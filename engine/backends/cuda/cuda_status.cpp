#include "engine/backends/cuda/cuda_status.h"
#include <fmt/format.h>
#ifdef DILASCOPE_HAS_CUDA
#include <cuda_runtime_api.h>
#endif

namespace dilascope {

#ifdef DILASCOPE_HAS_CUDA

static std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

static CudaStatus query() {
    CudaStatus status;
    status.built = true;
    int version = 0;
    if (cudaRuntimeGetVersion(&version) == cudaSuccess) status.runtime_version = version_text(version);
    if (cudaDriverGetVersion(&version) == cudaSuccess && version > 0) status.driver_version = version_text(version);
    int count = 0;
    const cudaError_t error = cudaGetDeviceCount(&count);
    for (int index = 0; error == cudaSuccess && index < count; ++index) {
        cudaDeviceProp properties{};
        if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) continue;
        DeviceProperties& device = status.devices.emplace_back();
        device.name = properties.name;
        device.compute_major = properties.major, device.compute_minor = properties.minor;
        device.multiprocessors = properties.multiProcessorCount;
        device.memory_bytes = std::int64_t(properties.totalGlobalMem);
    }
    if (status.driver_version.empty())
        status.problem = "no NVIDIA driver; install one to use a GPU, the cpu backend works without";
    else if (error != cudaSuccess)
        status.problem = fmt::format("the CUDA driver {} answered \"{}\" to runtime {}", status.driver_version,
                                     cudaGetErrorString(error), status.runtime_version);
    else if (status.devices.empty())
        status.problem = "a driver but no CUDA device";
    return status;
}

#else

static CudaStatus query() {
    CudaStatus status;
    status.problem =
        "built without CUDA; install the CUDA Toolkit 12.4 or newer and configure again with -DDILASCOPE_CUDA=ON";
    return status;
}

#endif

const CudaStatus& cuda_status() {
    static const CudaStatus status = query();
    return status;
}

} // namespace dilascope
