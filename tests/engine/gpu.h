#pragma once
// The machine's own GPU for tests; without one a line of output by which ctest counts the test as skipped.
#include "engine/backends/cuda/device.h"
#include "tests/catch.h"
#include <fmt/format.h>

namespace dilascope {

// tests/CMakeLists.txt knows this line's beginning. It outweighs failures: print it before the first check, then
// return.
inline void skip_test(const std::string& why) {
    fmt::print("skipped: {}\n", why);
    std::fflush(stdout);
}

// Null, and the test skipped, where there is none. One that an earlier test lost is a failure.
inline CudaDevice* gpu_or_skip() {
    const Result<CudaDevice*> device = cuda_device();
    if (!device) return skip_test(device.error().what), nullptr;
    if ((*device)->is_lost()) FAIL((*device)->loss().sentence);
    return *device;
}

} // namespace dilascope
