// Backward kernels of f32 tensors: as accurate as f32, and in tf32 where that is asked for.
#include "engine/backends/cuda/backward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> backward_f32_kernels() {
    static const KernelEntry kernels[] = {
        make_entry<backward_kernel<F32, 64, 64, 32>, BackwardParams>("backward f32 d64 r64"),
        make_entry<backward_kernel<F32, 128, 64, 16>, BackwardParams>("backward f32 d128 r64"),
        make_entry<backward_kernel<F32, 256, 32, 16>, BackwardParams>("backward f32 d256 r32"),
        make_entry<backward_kernel<TF32, 64, 64, 32>, BackwardParams>("backward tf32 d64 r64"),
        make_entry<backward_kernel<TF32, 128, 64, 16>, BackwardParams>("backward tf32 d128 r64"),
        make_entry<backward_kernel<TF32, 256, 32, 16>, BackwardParams>("backward tf32 d256 r32"),
    };
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
