#include "tests/engine/emulated_cuda.h"
#include "tests/catch.h"

namespace dilascope {

EmulatedCuda::EmulatedCuda(simt::RunOptions options, DeviceProperties properties)
    : EmulatedGpu(options, std::move(properties)), device(CudaDevice::open(api)),
      backend([this]() -> Result<CudaDevice*> {
          if (!device) return tl::unexpected(device.error());
          return device->get();
      }) {
    tell_error = [](const std::string& error) { UNSCOPED_INFO(error); };
}

EmulatedCuda::~EmulatedCuda() {
    const bool is_lost = device && (*device)->is_lost(); // then nothing is freed
    if (device) device->reset();
    if (!is_lost) CHECK(api.leaks().empty());
    CHECK(api.mistakes().empty());
}

} // namespace dilascope
