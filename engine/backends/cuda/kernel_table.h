#pragma once
// The kernels of this binary by name. To add a .cu file: its list, in one line of kernel_table.cpp.
#include "engine/backends/cuda/kernel_entry.h"

namespace dilascope {

// Null when no kernel is called so; always without CUDA in the binary.
const KernelEntry* find_kernel(std::string_view name);

} // namespace dilascope
