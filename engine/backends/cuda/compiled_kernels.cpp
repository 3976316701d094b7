#include "engine/backends/cuda/compiled_kernels.h"

namespace dilascope {

const KernelTable& compiled_kernels() {
    static const KernelTable table = {
#ifdef DILASCOPE_HAS_CUDA
// one line for each .cu file
#endif
    };
    return table;
}

} // namespace dilascope
