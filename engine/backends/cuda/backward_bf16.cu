// Backward kernels of bf16 tensors.
#include "engine/backends/cuda/backward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> backward_bf16_kernels() {
    static const KernelEntry kernels[] = {BACKWARD_HALF_KERNELS(BACKWARD_ENTRY, bf16)};
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
