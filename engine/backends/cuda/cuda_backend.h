#pragma once
// The cuda backend: copies a call's tensors to the device, runs the plan there, and brings the results back.
#include "engine/backends/backend.h"
#include "engine/backends/cuda/device.h"
#include <functional>

namespace dilascope {

// How a backend comes to its device; asked again at each use, so that a device that was lost says why.
using FindDevice = std::function<Result<CudaDevice*>()>;

class CudaBackend final : public Backend {
public:
    explicit CudaBackend(FindDevice find_device) : find_device_(std::move(find_device)) {}
    std::string_view name() const override { return "cuda"; }
    bool has_device() const override { return find_device_().has_value(); }
    bool available() const override;
    std::string status() const override;
    KernelChoice choose(const Problem& problem, const Pattern& pattern, Direction direction) const override;
    Result<void> forward(const AttentionCall& call) override;
    Result<void> backward(const GradientCall& call) override;
    Result<std::unique_ptr<ReadyCall>> ready(const AttentionCall& call) override;
    Result<std::unique_ptr<ReadyCall>> ready(const GradientCall& call) override;
    Result<std::unique_ptr<ReadyWeights>> ready_weights() override;

private:
    template <class Call> Result<CudaDevice*> device_for(const Call& call, Direction direction) const;
    FindDevice find_device_;
};

// Over the process's first device.
Backend& cuda_backend();

} // namespace dilascope
