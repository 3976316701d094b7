// Backward kernels of bf16 tensors.
#include "engine/backends/cuda/backward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> backward_bf16_kernels() {
    static const KernelEntry kernels[] = {
        make_entry<backward_kernel<BF16, 64, 128, 64>, BackwardParams>("backward bf16 d64 r128"),
        make_entry<backward_kernel<BF16, 64, 64, 64>, BackwardParams>("backward bf16 d64 r64"),
        make_entry<backward_kernel<BF16, 128, 128, 64>, BackwardParams>("backward bf16 d128 r128"),
        make_entry<backward_kernel<BF16, 128, 64, 64>, BackwardParams>("backward bf16 d128 r64"),
        make_entry<backward_kernel<BF16, 256, 64, 16>, BackwardParams>("backward bf16 d256 r64"),
    };
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
