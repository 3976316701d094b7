#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/cuda/cuda_call.h"
#include "engine/backends/cuda/cuda_weights.h"
#include "engine/backends/cuda/kernel_config.h"
#include <fmt/format.h>

namespace dilascope {

bool CudaBackend::available() const {
    const Result<CudaDevice*> device = find_device_();
    return device && !(*device)->is_lost();
}

std::string CudaBackend::status() const {
    const Result<CudaDevice*> device = find_device_();
    if (!device) return device.error().what;
    if ((*device)->is_lost()) return (*device)->loss().sentence;
    const DeviceProperties& found = (*device)->properties();
    return fmt::format("{}, compute capability {}.{}, {} multiprocessors, {:.0f} GiB", found.name, found.compute_major,
                       found.compute_minor, found.multiprocessors, double(found.memory_bytes) / 0x1p30);
}

KernelChoice CudaBackend::choose(const Problem& problem, const Pattern& pattern, Direction direction) const {
    if (mix_mode(pattern) == MixMode::fkodom)
        return {"", "cuda has no mix=fkodom, whose division by sums near zero needs float64; use the cpu or mix=mean"};
    const Result<CudaElement> element = cuda_element(problem);
    if (!element) return {"", element.error().what};
    const Result<CudaDevice*> device = find_device_();
    if (!device) return {"", device.error().what};
    constexpr int tallest = 128;
    const Result<KernelConfig> kernel =
        find_kernel(direction, *element, problem.head_dim, tallest, (*device)->properties());
    if (!kernel) return {"", kernel.error().what};
    return {fmt::format("cuda/{}", kernel->name),
            fmt::format("the narrowest kernel that holds head_dim {}, {} rows and {} keys at a time in {:.0f} KiB of "
                        "shared memory{}",
                        problem.head_dim, kernel->rows, kernel->keys, kernel->shared_bytes / 1024.0,
                        kernel->rows > 64 ? "; plans of low tiles run its sister of 64 rows" : "")};
}

// The device, where there is a kernel for the call.
template <class Call> Result<CudaDevice*> CudaBackend::device_for(const Call& call, Direction direction) const {
    const KernelChoice choice = choose(*call.problem, *call.pattern, direction);
    if (!choice.supported()) return fail(choice.reason);
    if (call.is_cancelled()) return fail("cuda: cancelled before the first pass");
    return find_device_();
}

Result<std::unique_ptr<ReadyCall>> CudaBackend::ready(const AttentionCall& call) {
    return make_cuda_call(*TRY(device_for(call, Direction::forward)), call);
}
Result<std::unique_ptr<ReadyCall>> CudaBackend::ready(const GradientCall& call) {
    return make_cuda_call(*TRY(device_for(call, Direction::backward)), call);
}
Result<std::unique_ptr<ReadyWeights>> CudaBackend::ready_weights() { return make_cuda_weights(*TRY(find_device_())); }
Result<void> CudaBackend::forward(const AttentionCall& call) {
    TRY(TRY(ready(call))->run());
    return {};
}
Result<void> CudaBackend::backward(const GradientCall& call) {
    TRY(TRY(ready(call))->run());
    return {};
}

Backend& cuda_backend() {
    static CudaBackend backend([] { return cuda_device(); });
    return backend;
}

} // namespace dilascope
