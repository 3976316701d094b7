#pragma once
// KernelEntry: a kernel under the name it is launched by. Every .cu file exports one list of them.
#include <cstddef>
#include <string_view>

namespace dilascope {

struct KernelEntry {
    std::string_view name; // "forward bf16 128"
    const void* function =
        nullptr;                  // nvcc: the kernel's stub, for cudaLaunchKernel; else a void (*)(const void* params)
    std::size_t params_bytes = 0; // size of the one parameter struct
};

} // namespace dilascope
