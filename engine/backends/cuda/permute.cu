#include "engine/backends/cuda/kernel_lists.h"
#include "engine/backends/cuda/permute_kernel.cuh"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> permute_kernels() {
    static const KernelEntry entries[] = {make_entry<permute_kernel<2>, PermuteParams>("permute 2"),
                                          make_entry<permute_kernel<4>, PermuteParams>("permute 4"),
                                          make_entry<permute_kernel<8>, PermuteParams>("permute 8"),
                                          make_entry<permute_kernel<16>, PermuteParams>("permute 16")};
    return entries;
}

} // namespace dilascope::KERNEL_NAMESPACE
