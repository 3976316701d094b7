#pragma once
// KernelConfig: the attention kernels there are, and which one runs what. To add one:
// attention_kernels.h.
#include "engine/backends/backend.h"
#include "engine/backends/cuda/device_api.h"
#include <span>

namespace dilascope {

// What the tensor cores multiply: the tensors' own type, or for f32 tensors tf32 when that is asked for.
enum class CudaElement : std::uint8_t { f16, bf16, f32, tf32 };

struct KernelConfig {
    const char* name = ""; // of its KernelEntry
    Direction direction = Direction::forward;
    CudaElement element = CudaElement::f32;
    int head_dim = 0; // runs every D up to this, at the cost of this
    int rows = 0;     // of one block of threads
    int keys = 0;     // that pass at a time
    int threads = 0;
    int shared_bytes = 0;
};

std::span<const KernelConfig> kernel_configs();

// The kernel for a problem of that element, of the smallest head_dim that holds D; of those that fit the device's
// shared memory the one with `rows_wanted` rows, else the tallest below. Error: which limit none meets.
Result<KernelConfig> find_kernel(Direction direction, CudaElement element, std::int64_t head_dim, int rows_wanted,
                                 const DeviceProperties& device);

// Error for f64.
Result<CudaElement> cuda_element(const Problem& problem);

} // namespace dilascope
