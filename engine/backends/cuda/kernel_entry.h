#pragma once
// KernelEntry: a kernel under the name it is launched by. Every .cu file exports one list of them.
#include "engine/backends/cuda/device_code.h"
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace dilascope {

struct KernelEntry {
    std::string_view name; // "forward bf16 128"
    const void* function =
        nullptr;                  // nvcc: the kernel's stub, for cudaLaunchKernel; else a void (*)(const void* params)
    std::size_t params_bytes = 0; // size of the one parameter struct
};

// `kernel` takes one parameter struct by value: KERNEL void kernel(const Params params).
template <auto kernel, class Params> KernelEntry make_entry(std::string_view name) {
    static_assert(std::is_trivially_copyable_v<Params> && sizeof(Params) <= 4096, "a launch copies at most 4 KB");
#ifdef __CUDACC__
    return {name, reinterpret_cast<const void*>(kernel), sizeof(Params)};
#else
    void (*call)(const void*) = [](const void* params) { kernel(*static_cast<const Params*>(params)); };
    return {name, reinterpret_cast<const void*>(call), sizeof(Params)};
#endif
}

} // namespace dilascope
