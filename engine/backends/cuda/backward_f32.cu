// Backward kernels of f32 tensors: as accurate as f32, and in tf32 where that is asked for.
#include "engine/backends/cuda/backward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> backward_f32_kernels() {
    static const KernelEntry kernels[] = {BACKWARD_F32_KERNELS(BACKWARD_ENTRY)};
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
