#pragma once
// What CUDA has to offer on this machine. Starts on machines without a driver; says what is missing.
#include "engine/backends/cuda/device_api.h"
#include <string>
#include <vector>

namespace dilascope {

struct CudaStatus {
    bool built = false;          // this binary holds the CUDA part
    std::string driver_version;  // highest CUDA version the driver serves, "13.0"; empty without a driver
    std::string runtime_version; // "" when not built
    std::vector<DeviceProperties> devices;
    std::string problem; // why there is no usable device, and the mend; empty when there is one
};
const CudaStatus& cuda_status(); // asked once

} // namespace dilascope
