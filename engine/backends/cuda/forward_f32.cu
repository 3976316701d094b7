// Forward kernels of f32 tensors: as accurate as f32, and in tf32 where that is asked for.
#include "engine/backends/cuda/forward_kernel.cuh"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> forward_f32_kernels() {
    static const KernelEntry kernels[] = {
        make_entry<forward_kernel<F32, 64, 64, 32>, ForwardParams>("forward f32 d64 r64"),
        make_entry<forward_kernel<F32, 128, 64, 32>, ForwardParams>("forward f32 d128 r64"),
        make_entry<forward_kernel<F32, 256, 64, 16>, ForwardParams>("forward f32 d256 r64"),
        make_entry<forward_kernel<TF32, 64, 64, 64>, ForwardParams>("forward tf32 d64 r64"),
        make_entry<forward_kernel<TF32, 128, 64, 32>, ForwardParams>("forward tf32 d128 r64"),
        make_entry<forward_kernel<TF32, 256, 64, 16>, ForwardParams>("forward tf32 d256 r64"),
    };
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
