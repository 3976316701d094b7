#pragma once
// What CUDA has to offer on this machine. Starts on machines without a driver; says what is missing.
#include <cstdint>
#include <string>
#include <vector>

namespace dilascope {

struct CudaDevice {
    std::string name;
    int compute_major = 0, compute_minor = 0;
    int multiprocessor_count = 0;
    std::int64_t memory_bytes = 0;
};

struct CudaStatus {
    bool built = false;          // this binary holds the CUDA part
    std::string driver_version;  // highest CUDA version the driver serves, "13.0"; empty without a driver
    std::string runtime_version; // "" when not built
    std::vector<CudaDevice> devices;
    std::string problem; // why there is no usable device, and the mend; empty when there is one
};
const CudaStatus& cuda_status(); // asked once

} // namespace dilascope
