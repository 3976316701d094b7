#pragma once
// EmulatedCuda: a cuda backend on an emulated GPU, for tests of the backend.
#include "engine/backends/cuda/cuda_backend.h"
#include "tests/emulated_gpu/emulated_gpu.h"

namespace dilascope {

// Its end checks that nothing of the GPU's was misused or left behind.
class EmulatedCuda : public EmulatedGpu {
public:
    explicit EmulatedCuda(simt::RunOptions options = {}, DeviceProperties properties = emulated_h100());
    ~EmulatedCuda();

    Result<std::unique_ptr<CudaDevice>> device;
    CudaBackend backend;
};

} // namespace dilascope
