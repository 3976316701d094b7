// Forward kernels of f16 tensors.
#include "engine/backends/cuda/forward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> forward_f16_kernels() {
    static const KernelEntry kernels[] = {
        make_entry<forward_kernel<F16, 64, 128, 64>, ForwardParams>("forward f16 d64 r128"),
        make_entry<forward_kernel<F16, 64, 64, 64>, ForwardParams>("forward f16 d64 r64"),
        make_entry<forward_kernel<F16, 128, 128, 64>, ForwardParams>("forward f16 d128 r128"),
        make_entry<forward_kernel<F16, 128, 64, 64>, ForwardParams>("forward f16 d128 r64"),
        make_entry<forward_kernel<F16, 256, 64, 32>, ForwardParams>("forward f16 d256 r64"),
    };
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
