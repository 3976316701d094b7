// Kernels over the rows of whole tensors.
#include "engine/backends/cuda/kernel_lists.h"
#include "engine/backends/cuda/row_kernels.cuh"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> row_kernels() {
    static const KernelEntry kernels[] = {
        make_entry<fill_kernel, FillParams>("fill"),
        make_entry<gradient_rows_kernel, GradientRowsParams>("gradient rows"),
        make_entry<sum_copies_kernel, SumCopiesParams>("sum copies"),
    };
    return kernels;
}

} // namespace dilascope::KERNEL_NAMESPACE
