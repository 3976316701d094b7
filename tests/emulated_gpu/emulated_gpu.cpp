#include "tests/emulated_gpu/emulated_gpu.h"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope {

const KernelTable& emulated_kernels() {
    static const KernelTable table = emulated::all_kernels();
    return table;
}

EmulatedGpu::EmulatedGpu(simt::RunOptions options_in, DeviceProperties properties)
    : options(options_in), api([this](const KernelLaunch& launch) { return run(launch); }) {
    api.devices = {std::move(properties)};
}

DeviceStatus EmulatedGpu::run(const KernelLaunch& launch) {
    const KernelEntry* kernel = emulated_kernels().find(launch.name);
    if (!kernel) return DeviceStatus::invalid;
    std::vector<simt::MemoryRange> memory;
    for (const auto& allocation : api.live_memory()) memory.push_back({allocation.data(), allocation.size()});
    simt::RunOptions with_memory = options;
    with_memory.memory = memory;
    const auto run = simt::run(*kernel, {launch.grid, launch.threads, launch.shared_bytes}, launch.params,
                               launch.params_bytes, with_memory);
    if (run) {
        counts.add(*run);
        return DeviceStatus::ok;
    }
    emulator_error = run.error().what;
    if (tell_error) tell_error(emulator_error);
    return DeviceStatus::failed;
}

} // namespace dilascope
