#pragma once
// Pictures of attention weights on the device. The keys of the head looked at stay there; a picture brings its queries.
#include "engine/backends/cuda/device.h"
#include "engine/backends/ready_weights.h"

namespace dilascope {

Result<std::unique_ptr<ReadyWeights>> make_cuda_weights(CudaDevice& device);

} // namespace dilascope
