#pragma once
// CudaForward: the forward of one call, ready to be launched again and again: its plan is on the device.
#include "engine/backends/cuda/device_plan.h"
#include "engine/backends/cuda/kernel_config.h"

namespace dilascope {

// What of a call decides the launches, beside its plan.
struct CudaOptions {
    Dropout dropout;
    bool is_deterministic = true; // backward: the same bits in every run
};

// Addresses in device memory; shapes as in AttentionCall.
struct ForwardTensors {
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    float *out = nullptr, *lse = nullptr;
};

class CudaForward {
public:
    static Result<CudaForward> prepare(CudaDevice& device, const Plan& plan, int branch_count,
                                       const CudaOptions& options);
    // Puts the launches on the stream. The flag is looked at between passes; the error then says "cancelled".
    Result<void> enqueue(const ForwardTensors& tensors, const Stream& stream, const CancelFlag* cancel = nullptr) const;
    // One pass by itself, into cleared rows.
    Result<void> enqueue_pass(int pass, const ForwardTensors& tensors, const Stream& stream) const;
    const KernelConfig& kernel() const { return kernel_; }

private:
    Result<void> clear(const ForwardTensors& tensors, const Stream& stream) const;
    Result<void> launch(int pass, MergeRule rule, const ForwardTensors& tensors, const Stream& stream) const;

    CudaDevice* device_ = nullptr;
    Problem problem_;
    CudaOptions options_;
    KernelConfig kernel_;
    MergeRule rule_;
    std::vector<DevicePlan> passes_;
};

TensorShape tensor_shape(const Problem& problem);
DropoutParams dropout_params(const Dropout& dropout);
// Error when a grid of items × batch elements passes CUDA's 2^31 − 1 blocks.
Result<Index3> grid_of(std::int64_t items, std::int64_t batch = 1);
// to[0 … count) = value.
Result<void> fill_floats(CudaDevice& device, float* to, std::int64_t count, float value, const Stream& stream);

} // namespace dilascope
