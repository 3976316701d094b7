#pragma once
// The lists of kernels that the .cu files export. To add one: declare it here and name it in
// all_kernels().
#include "engine/backends/cuda/kernel_table.h"
#include <span>

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> forward_f16_kernels();
std::span<const KernelEntry> forward_bf16_kernels();
std::span<const KernelEntry> forward_f32_kernels();
std::span<const KernelEntry> backward_f16_kernels();
std::span<const KernelEntry> backward_bf16_kernels();
std::span<const KernelEntry> backward_f32_kernels();
std::span<const KernelEntry> row_kernels();
std::span<const KernelEntry> permute_kernels();
std::span<const KernelEntry> weights_kernels();

inline KernelTable all_kernels() {
    return {forward_f16_kernels(),  forward_bf16_kernels(),  forward_f32_kernels(),
            backward_f16_kernels(), backward_bf16_kernels(), backward_f32_kernels(),
            row_kernels(),          permute_kernels(),       weights_kernels()};
}

} // namespace dilascope::KERNEL_NAMESPACE
