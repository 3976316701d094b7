#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/cuda/cuda_backward.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

// The tensors of a call in device memory.
struct DeviceTensors {
    DeviceBuffer<std::byte> q, k, v;
    DeviceBuffer<float> out, lse;
};

template <class Call> Result<DeviceTensors> upload_tensors(CudaDevice& device, const Call& call, const Stream& stream) {
    const Problem& problem = *call.problem;
    const auto element = std::int64_t(dtype_bytes(problem.dtype));
    const auto upload = [&](const void* from, std::int64_t elements,
                            const char* owner) -> Result<DeviceBuffer<std::byte>> {
        DeviceBuffer<std::byte> buffer = TRY(device.allocate<std::byte>(elements * element, owner));
        TRY(buffer.upload(static_cast<const std::byte*>(from), elements * element, stream));
        return buffer;
    };
    DeviceTensors tensors;
    tensors.q = TRY(upload(call.q, query_elements(problem), "cuda/q"));
    tensors.k = TRY(upload(call.k, key_elements(problem), "cuda/k"));
    tensors.v = TRY(upload(call.v, key_elements(problem), "cuda/v"));
    tensors.out = TRY(device.allocate<float>(query_elements(problem), "cuda/out"));
    tensors.lse = TRY(device.allocate<float>(lse_elements(problem), "cuda/lse"));
    return tensors;
}

Result<void> run_forward(CudaDevice& device, const AttentionCall& call) {
    const Stream stream = TRY(device.create_stream());
    const CudaOptions options{call.dropout, call.allows_tf32};
    const CudaForward forward = TRY(CudaForward::prepare(device, *call.plan, branch_count(*call.pattern), options));
    DeviceTensors tensors = TRY(upload_tensors(device, call, stream));
    TRY(forward.enqueue({tensors.q.data(), tensors.k.data(), tensors.v.data(), tensors.out.data(), tensors.lse.data()},
                        stream, call.cancel));
    TRY(tensors.out.download(call.out, tensors.out.size(), stream));
    TRY(tensors.lse.download(call.lse, tensors.lse.size(), stream));
    TRY(device.synchronize(stream));
    if (call.is_cancelled()) return fail("cuda: cancelled before the results came back");
    return {};
}

Result<void> run_backward(CudaDevice& device, const GradientCall& call) {
    const Problem& problem = *call.problem;
    const Stream stream = TRY(device.create_stream());
    const CudaOptions options{call.dropout, call.allows_tf32, call.is_deterministic};
    const CudaBackward backward = TRY(CudaBackward::prepare(device, *call.plan, *call.pattern, options));
    DeviceTensors tensors = TRY(upload_tensors(device, call, stream));
    DeviceBuffer<float> dout = TRY(device.allocate<float>(query_elements(problem), "cuda/dout"));
    DeviceBuffer<float> dq = TRY(device.allocate<float>(query_elements(problem), "cuda/dq"));
    DeviceBuffer<float> dk = TRY(device.allocate<float>(key_elements(problem), "cuda/dk"));
    DeviceBuffer<float> dv = TRY(device.allocate<float>(key_elements(problem), "cuda/dv"));
    TRY(tensors.out.upload(call.out, tensors.out.size(), stream));
    TRY(tensors.lse.upload(call.lse, tensors.lse.size(), stream));
    TRY(dout.upload(call.dout, dout.size(), stream));
    TRY(backward.enqueue({tensors.q.data(), tensors.k.data(), tensors.v.data(), tensors.out.data(), tensors.lse.data(),
                          dout.data(), dq.data(), dk.data(), dv.data()},
                         stream, call.cancel));
    TRY(dq.download(call.dq, dq.size(), stream));
    TRY(dk.download(call.dk, dk.size(), stream));
    TRY(dv.download(call.dv, dv.size(), stream));
    TRY(device.synchronize(stream));
    if (call.is_cancelled()) return fail("cuda: cancelled before the results came back");
    return {};
}

} // namespace

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
    const Result<CudaElement> element = cuda_element(problem.dtype, false);
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

Result<void> CudaBackend::forward(const AttentionCall& call) {
    const KernelChoice choice = choose(*call.problem, *call.pattern, Direction::forward);
    if (!choice.supported()) return fail(choice.reason);
    if (call.is_cancelled()) return fail("cuda: cancelled before the first pass");
    return run_forward(*TRY(find_device_()), call);
}

Result<void> CudaBackend::backward(const GradientCall& call) {
    const KernelChoice choice = choose(*call.problem, *call.pattern, Direction::backward);
    if (!choice.supported()) return fail(choice.reason);
    if (call.is_cancelled()) return fail("cuda: cancelled before the first pass");
    return run_backward(*TRY(find_device_()), call);
}

Backend& cuda_backend() {
    static CudaBackend backend([] { return cuda_device(); });
    return backend;
}

} // namespace dilascope
