// Forward kernels of f16 tensors.
#include "engine/backends/cuda/forward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> forward_f16_kernels() {
    static const KernelEntry kernels[] = {FORWARD_HALF_KERNELS(FORWARD_ENTRY, f16)};
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
