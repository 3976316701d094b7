#pragma once
// Calls of the cuda backend made ready: plan and tensors are on the device, and repetitions are launches of one graph.
#include "engine/backends/backend.h"
#include "engine/backends/cuda/device.h"

namespace dilascope {

Result<std::unique_ptr<ReadyCall>> make_cuda_call(CudaDevice& device, const AttentionCall& call);
Result<std::unique_ptr<ReadyCall>> make_cuda_call(CudaDevice& device, const GradientCall& call);

} // namespace dilascope
