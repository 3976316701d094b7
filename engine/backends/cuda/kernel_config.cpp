#include "engine/backends/cuda/kernel_config.h"
#include "engine/backends/cuda/kernel_shape.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr int bytes_of(CudaElement element) {
    return element == CudaElement::f16 || element == CudaElement::bf16 ? 2 : 4;
}

template <CudaElement element, int head_dim, int rows, int keys> constexpr KernelConfig forward(const char* name) {
    using Shape = ForwardShape<bytes_of(element), head_dim, rows, keys>;
    return {name, Direction::forward, element, head_dim, rows, keys, Shape::threads, Shape::shared_bytes};
}
template <CudaElement element, int head_dim, int rows, int keys> constexpr KernelConfig backward(const char* name) {
    using Shape = BackwardShape<bytes_of(element), head_dim, rows, keys>;
    return {name, Direction::backward, element, head_dim, rows, keys, Shape::threads, Shape::shared_bytes};
}

// 99 KiB of shared memory is what the smallest GPUs since Ampere give a block: every element and D has a kernel below
// that.
constexpr KernelConfig configs[] = {
    forward<CudaElement::f16, 64, 128, 64>("forward f16 d64 r128"),
    forward<CudaElement::f16, 64, 64, 64>("forward f16 d64 r64"),
    forward<CudaElement::f16, 128, 128, 64>("forward f16 d128 r128"),
    forward<CudaElement::f16, 128, 64, 64>("forward f16 d128 r64"),
    forward<CudaElement::f16, 256, 64, 32>("forward f16 d256 r64"),
    forward<CudaElement::bf16, 64, 128, 64>("forward bf16 d64 r128"),
    forward<CudaElement::bf16, 64, 64, 64>("forward bf16 d64 r64"),
    forward<CudaElement::bf16, 128, 128, 64>("forward bf16 d128 r128"),
    forward<CudaElement::bf16, 128, 64, 64>("forward bf16 d128 r64"),
    forward<CudaElement::bf16, 256, 64, 32>("forward bf16 d256 r64"),
    forward<CudaElement::f32, 64, 64, 32>("forward f32 d64 r64"),
    forward<CudaElement::f32, 128, 64, 32>("forward f32 d128 r64"),
    forward<CudaElement::f32, 256, 64, 16>("forward f32 d256 r64"),
    forward<CudaElement::tf32, 64, 64, 64>("forward tf32 d64 r64"),
    forward<CudaElement::tf32, 128, 64, 32>("forward tf32 d128 r64"),
    forward<CudaElement::tf32, 256, 64, 16>("forward tf32 d256 r64"),
    backward<CudaElement::f16, 64, 128, 64>("backward f16 d64 r128"),
    backward<CudaElement::f16, 64, 64, 64>("backward f16 d64 r64"),
    backward<CudaElement::f16, 128, 128, 64>("backward f16 d128 r128"),
    backward<CudaElement::f16, 128, 64, 64>("backward f16 d128 r64"),
    backward<CudaElement::f16, 256, 64, 16>("backward f16 d256 r64"),
    backward<CudaElement::bf16, 64, 128, 64>("backward bf16 d64 r128"),
    backward<CudaElement::bf16, 64, 64, 64>("backward bf16 d64 r64"),
    backward<CudaElement::bf16, 128, 128, 64>("backward bf16 d128 r128"),
    backward<CudaElement::bf16, 128, 64, 64>("backward bf16 d128 r64"),
    backward<CudaElement::bf16, 256, 64, 16>("backward bf16 d256 r64"),
    backward<CudaElement::f32, 64, 64, 32>("backward f32 d64 r64"),
    backward<CudaElement::f32, 128, 64, 16>("backward f32 d128 r64"),
    backward<CudaElement::f32, 256, 32, 16>("backward f32 d256 r32"),
    backward<CudaElement::tf32, 64, 64, 32>("backward tf32 d64 r64"),
    backward<CudaElement::tf32, 128, 64, 16>("backward tf32 d128 r64"),
    backward<CudaElement::tf32, 256, 32, 16>("backward tf32 d256 r32"),
};

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
