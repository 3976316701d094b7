#pragma once
// The kernels that nvcc compiled into this binary. To add a .cu file: its list, in kernel_lists.h.
#include "engine/backends/cuda/kernel_table.h"

namespace dilascope {

const KernelTable& compiled_kernels(); // empty without CUDA in the binary

} // namespace dilascope
