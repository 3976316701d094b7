#pragma once
// EmulatedGpu: a machine with one GPU that is none: host memory for its memory, and the kernels' own sources on the
// emulator of tests/simt.
#include "engine/backends/cuda/kernel_table.h"
#include "tests/emulated_gpu/emulated_api.h"
#include "tests/simt/emulator.h"
#include <functional>

namespace dilascope {

// All kernels of the engine as the emulator runs them.
const KernelTable& emulated_kernels();

class EmulatedGpu {
public:
    explicit EmulatedGpu(simt::RunOptions options = {}, DeviceProperties properties = emulated_h100());
    EmulatedGpu(const EmulatedGpu&) = delete;

    simt::RunOptions options;
    EmulatedApi api;
    simt::RunCounts counts;                             // of all launches
    std::string emulator_error;                         // of the last launch whose checks failed
    std::function<void(const std::string&)> tell_error; // called with it; may be empty

private:
    DeviceStatus run(const KernelLaunch& launch);
};

} // namespace dilascope
