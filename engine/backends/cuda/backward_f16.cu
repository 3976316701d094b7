// Backward kernels of f16 tensors.
#include "engine/backends/cuda/backward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> backward_f16_kernels() {
    static const KernelEntry kernels[] = {BACKWARD_HALF_KERNELS(BACKWARD_ENTRY, f16)};
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
