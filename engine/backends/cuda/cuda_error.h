#pragma once
// The one place where errors of the CUDA runtime become a DeviceStatus.
#include "engine/backends/cuda/device_api.h"

namespace dilascope {

// `error` is a cudaError_t; `failed` for all but 0 without CUDA in the binary.
DeviceStatus status_from_cuda(int error);
// In the runtime's words: "cudaErrorIllegalAddress: an illegal memory access was encountered".
std::string words_of_cuda(int error);

} // namespace dilascope
