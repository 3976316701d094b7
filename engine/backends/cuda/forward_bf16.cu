// Forward kernels of bf16 tensors.
#include "engine/backends/cuda/forward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> forward_bf16_kernels() {
    static const KernelEntry kernels[] = {FORWARD_HALF_KERNELS(FORWARD_ENTRY, bf16)};
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
