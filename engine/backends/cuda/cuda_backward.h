#pragma once
// CudaBackward: the backward of one call, ready to be launched again and again.
#include "engine/backends/cuda/cuda_forward.h"
#include <optional>

namespace dilascope {

// Addresses in device memory; shapes as in GradientCall.
struct BackwardTensors {
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    const float *out = nullptr, *lse = nullptr, *dout = nullptr;
    float *dq = nullptr, *dk = nullptr, *dv = nullptr;
};

class CudaBackward {
public:
    static Result<CudaBackward> prepare(CudaDevice& device, const Plan& plan, const Pattern& pattern,
                                        const CudaOptions& options);
    // Puts the launches on the stream. The flag is looked at between passes; the error then says "cancelled".
    Result<void> enqueue(const BackwardTensors& tensors, const Stream& stream,
                         const CancelFlag* cancel = nullptr) const;
    const KernelConfig& kernel() const { return kernel_; }

private:
    // The launches of one pass, and where its units add to.
    struct Pass {
        DevicePlan plan;
        DeviceBuffer<LaunchUnit> units; // of a deterministic backward
        DeviceBuffer<std::int32_t> lane_begin;
        std::int64_t unit_count = 0, copied_elements = 0;
    };
    // The softmax that a pass differentiates: its output and LSE, and the share with which it enters the call's output.
    struct PassSoftmax {
        const float *out = nullptr, *lse = nullptr;
        const float* joint_lse = nullptr; // shares exp(lse − joint), else `weight`
        float weight = 1;
    };
    Result<Pass> prepare_pass(const Plan& plan, int pass) const;
    Result<Pass> prepare_units(const Plan& plan, int pass) const;
    Result<void> differentiate(int pass, const BackwardTensors& tensors, const PassSoftmax& softmax,
                               const Stream& stream) const;
    Result<void> prepare_rows(const BackwardTensors& tensors, const PassSoftmax& softmax, const Stream& stream) const;
    Result<void> sum_copies(const Pass& pass, const BackwardTensors& tensors, const Stream& stream) const;
    Result<void> allocate();

    CudaDevice* device_ = nullptr;
    Problem problem_;
    CudaOptions options_;
    KernelConfig kernel_;
    MixMode mix_ = MixMode::softmax;
    int branch_count_ = 1;
    std::vector<Pass> passes_;
    std::optional<CudaForward> branch_forward_;   // where passes are softmaxes of their own
    DeviceBuffer<float> branch_out_, branch_lse_; // of the pass at hand, then
    DeviceBuffer<std::byte> dout_elements_;       // (B,N,H,D) of q's type
    DeviceBuffer<float> delta_;                   // (B,H,N)
    DeviceBuffer<float> dk_copies_, dv_copies_;
};

} // namespace dilascope
