#include "tests/engine/emulated_attention.h"
#include "engine/backends/cuda/kernel_lists.h"
#include "tests/catch.h"

namespace dilascope {

const KernelTable& emulated_kernels() {
    static const KernelTable table = emulated::all_kernels();
    return table;
}

EmulatedCuda::EmulatedCuda(simt::RunOptions options_in, DeviceProperties properties)
    : options(options_in), api([this](const KernelLaunch& launch) {
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
          UNSCOPED_INFO(emulator_error);
          return DeviceStatus::failed;
      }),
      device((api.devices = {properties}, CudaDevice::open(api))), backend([this]() -> Result<CudaDevice*> {
          if (!device) return tl::unexpected(device.error());
          return device->get();
      }) {}

EmulatedCuda::~EmulatedCuda() {
    const bool is_lost = device && (*device)->is_lost(); // then nothing is freed
    if (device) device->reset();
    if (!is_lost) CHECK(api.leaks().empty());
    CHECK(api.mistakes().empty());
}

} // namespace dilascope
