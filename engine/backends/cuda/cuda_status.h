#pragma once
// What CUDA has to offer on this machine. Starts on machines without a driver; says what is missing.
#include "engine/backends/cuda/device_api.h"
#include <string>
#include <vector>

namespace dilascope {

struct CudaStatus {
    bool built = false;          // this binary holds the CUDA part
    std::string runtime_version; // "13.0"; "" when not built
    std::string driver_version;  // highest CUDA version the driver serves, "13.0"; empty without a driver
    std::vector<DeviceProperties> devices;
    std::vector<std::string> device_problems; // of each device: why it cannot be used, and the mend; "" when it can
    std::string problem;                      // why there is no usable device, and the mend; "" when there is one
};
CudaStatus read_cuda_status(DeviceApi& api);
const CudaStatus& cuda_status(); // of cuda_api(), asked once

} // namespace dilascope
