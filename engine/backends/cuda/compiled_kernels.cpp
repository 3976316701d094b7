#include "engine/backends/cuda/compiled_kernels.h"
#include "engine/backends/cuda/kernel_lists.h"

namespace dilascope {

const KernelTable& compiled_kernels() {
    static const KernelTable table = {
#ifdef DILASCOPE_HAS_CUDA
        compiled::forward_f16_kernels(),  compiled::forward_bf16_kernels(),  compiled::forward_f32_kernels(),
        compiled::backward_f16_kernels(), compiled::backward_bf16_kernels(), compiled::backward_f32_kernels(),
        compiled::row_kernels(),          compiled::permute_kernels(),
#endif
    };
    return table;
}

} // namespace dilascope
