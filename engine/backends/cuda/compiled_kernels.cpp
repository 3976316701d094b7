#include "engine/backends/cuda/compiled_kernels.h"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope {

const KernelTable& compiled_kernels() {
#ifdef DILASCOPE_HAS_CUDA
    static const KernelTable table = compiled::all_kernels();
#else
    static const KernelTable table = {};
#endif
    return table;
}

} // namespace dilascope
