#include "engine/backends/cuda/kernel_config.h"
#include "engine/backends/cuda/attention_kernels.h"
#include "engine/backends/cuda/kernel_shape.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr int bytes_of(CudaElement element) {
    return element == CudaElement::f16 || element == CudaElement::bf16 ? 2 : 4;
}

template <CudaElement element, int head_dim, int rows, int keys>
constexpr KernelConfig forward_config(const char* name) {
    using Shape = ForwardShape<bytes_of(element), head_dim, rows, keys>;
    return {name, Direction::forward, element, head_dim, rows, keys, Shape::threads, Shape::shared_bytes};
}
template <CudaElement element, int head_dim, int rows, int keys>
constexpr KernelConfig backward_config(const char* name) {
    using Shape = BackwardShape<bytes_of(element), head_dim, rows, keys>;
    return {name, Direction::backward, element, head_dim, rows, keys, Shape::threads, Shape::shared_bytes};
}

#define FORWARD_CONFIG(element, head_dim, rows, keys, blocks)                                                          \
    forward_config<CudaElement::element, head_dim, rows, keys>(KERNEL_NAME("forward", element, head_dim, rows)),
#define BACKWARD_CONFIG(element, head_dim, rows, keys, blocks)                                                         \
    backward_config<CudaElement::element, head_dim, rows, keys>(KERNEL_NAME("backward", element, head_dim, rows)),

// clang-format off
constexpr KernelConfig configs[] = {
    FORWARD_HALF_KERNELS(FORWARD_CONFIG, f16)
    FORWARD_HALF_KERNELS(FORWARD_CONFIG, bf16)
    FORWARD_F32_KERNELS(FORWARD_CONFIG)
    BACKWARD_HALF_KERNELS(BACKWARD_CONFIG, f16)
    BACKWARD_HALF_KERNELS(BACKWARD_CONFIG, bf16)
    BACKWARD_F32_KERNELS(BACKWARD_CONFIG)
};
// clang-format on

} // namespace

std::span<const KernelConfig> kernel_configs() { return configs; }

Result<KernelConfig> find_kernel(Direction direction, CudaElement element, std::int64_t head_dim, int rows_wanted,
                                 const DeviceProperties& device) {
    if (head_dim < 1 || head_dim > 256) return fail(fmt::format("cuda runs head_dim 1 … 256, not {}", head_dim));
    if (device.compute_major < 8)
        return fail(fmt::format("cuda needs compute capability 8.0 or newer (Ampere); {} has {}.{}", device.name,
                                device.compute_major, device.compute_minor));
    const KernelConfig* best = nullptr;
    std::int64_t least_shared = 0;
    for (const KernelConfig& config : configs) {
        if (config.direction != direction || config.element != element || config.head_dim < head_dim) continue;
        if (config.head_dim >= 2 * head_dim && config.head_dim > 64) continue; // a narrower one runs it
        if (least_shared == 0 || config.shared_bytes < least_shared) least_shared = config.shared_bytes;
        if (config.shared_bytes > device.shared_bytes_per_block) continue;
        const auto is_better = [&] {
            if (!best) return true;
            const bool fits = config.rows <= rows_wanted, best_fits = best->rows <= rows_wanted;
            if (fits != best_fits) return fits;
            return fits ? config.rows > best->rows : config.rows < best->rows;
        };
        if (is_better()) best = &config;
    }
    if (best) return *best;
    return fail(fmt::format("cuda's {} kernels of head_dim {} need {} bytes of shared memory a block; {} has {}",
                            enum_name(direction), head_dim, least_shared, device.name, device.shared_bytes_per_block));
}

Result<CudaElement> cuda_element(const Problem& problem) {
    switch (problem.dtype) {
    case Dtype::f16: return CudaElement::f16;
    case Dtype::bf16: return CudaElement::bf16;
    case Dtype::f32: return problem.is_tf32 ? CudaElement::tf32 : CudaElement::f32;
    case Dtype::f64: break;
    }
    return fail("cuda reads f32, f16 or bf16 tensors, not f64; convert them first");
}

} // namespace dilascope
