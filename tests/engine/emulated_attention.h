#pragma once
// The attention kernels' own sources on the emulator of tests/simt, and a cuda backend over them.
#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/cuda/kernel_table.h"
#include "tests/engine/emulated_api.h"
#include "tests/simt/emulator.h"

namespace dilascope {

// All kernels of the engine as the emulator runs them.
const KernelTable& emulated_kernels();

// A machine with one emulated GPU and the backend on it.
class EmulatedCuda {
public:
    explicit EmulatedCuda(simt::RunOptions options = {}, DeviceProperties properties = emulated_h100());
    ~EmulatedCuda();
    EmulatedCuda(const EmulatedCuda&) = delete;

    simt::RunOptions options;
    EmulatedApi api;
    Result<std::unique_ptr<CudaDevice>> device;
    CudaBackend backend;
    simt::RunCounts counts;     // of all launches
    std::string emulator_error; // of the last launch whose checks failed
};

} // namespace dilascope
