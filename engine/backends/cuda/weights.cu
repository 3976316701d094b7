#include "engine/backends/cuda/kernel_lists.h"
#include "engine/backends/cuda/weights_kernel.cuh"

namespace dilascope::KERNEL_NAMESPACE {

std::span<const KernelEntry> weights_kernels() {
    static const KernelEntry entries[] = {make_entry<weights_kernel, WeightsParams>("weights")};
    return entries;
}

} // namespace dilascope::KERNEL_NAMESPACE
