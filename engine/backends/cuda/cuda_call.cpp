#include "engine/backends/cuda/cuda_call.h"
#include "engine/backends/cuda/cuda_backward.h"
#include "engine/backends/cuda/timing.h"
#include <fmt/format.h>
#include <optional>

namespace dilascope {

namespace {

// What both directions do alike. Launches are repeated from the second use on, so that one run costs one launch.
class CudaCall : public ReadyCall {
public:
    CudaCall(CudaDevice& device, const CancelFlag* cancel) : device_(device), cancel_(cancel) {}

    Result<double> run() override {
        TRY(device_.record(start_, stream_));
        TRY(enqueue(stream_, cancel_));
        TRY(device_.record(stop_, stream_));
        TRY(download());
        TRY(device_.synchronize(stream_));
        if (is_cancelled(cancel_)) return fail("cuda: cancelled before the results came back");
        return double(TRY(device_.elapsed_ms(start_, stop_))) * 1e-3;
    }
    Result<double> seconds_of(std::int64_t count) override {
        TRY(prepare_repeating());
        return TRY(repeated_->repeat_ms(count)) * 1e-3;
    }
    Result<void> flush_caches() override {
        TRY(prepare_repeating());
        return repeated_->evict_l2();
    }

protected:
    virtual Result<void> enqueue(const Stream& stream, const CancelFlag* cancel) const = 0;
    virtual Result<void> download() = 0;

    // The kernel's name; and where repetitions are no graph, that their times hold the host's launches.
    std::string kernel_text(const char* name) const {
        if (!repeated_ || repeated_->graph_absence().empty()) return fmt::format("cuda/{}", name);
        return fmt::format("cuda/{}, launched singly ({})", name, repeated_->graph_absence());
    }

    // The stream, and on it q, k and v on their way to the device.
    template <class Call> Result<void> upload_inputs(const Call& call) {
        stream_ = TRY(device_.create_stream());
        start_ = TRY(device_.create_event());
        stop_ = TRY(device_.create_event());
        const Problem& problem = *call.problem;
        const auto element = std::int64_t(dtype_bytes(problem.dtype));
        q_ = TRY(upload(static_cast<const std::byte*>(call.q), query_elements(problem) * element, "cuda/q"));
        k_ = TRY(upload(static_cast<const std::byte*>(call.k), key_elements(problem) * element, "cuda/k"));
        v_ = TRY(upload(static_cast<const std::byte*>(call.v), key_elements(problem) * element, "cuda/v"));
        return {};
    }
    template <class T> Result<DeviceBuffer<T>> upload(const T* from, std::int64_t count, const char* owner) {
        DeviceBuffer<T> buffer = TRY(device_.allocate<T>(count, owner));
        TRY(buffer.upload(from, count, stream_));
        return buffer;
    }

    CudaDevice& device_;
    const CancelFlag* cancel_;
    Stream stream_;
    DeviceBuffer<std::byte> q_, k_, v_;

private:
    Result<void> prepare_repeating() {
        if (repeated_) return {};
        repeated_ = TRY(RepeatedLaunch::make(
            device_, [this](const Stream& stream) { return enqueue(stream, nullptr); }, cancel_));
        return {};
    }
    Event start_, stop_;
    std::optional<RepeatedLaunch> repeated_;
};

class CudaForwardCall final : public CudaCall {
public:
    CudaForwardCall(CudaDevice& device, const AttentionCall& call) : CudaCall(device, call.cancel), call_(call) {}

    Result<void> prepare() {
        const Problem& problem = *call_.problem;
        TRY(upload_inputs(call_));
        forward_ = TRY(CudaForward::prepare(device_, *call_.plan, branch_count(*call_.pattern), {call_.dropout}));
        out_ = TRY(device_.allocate<float>(query_elements(problem), "cuda/out"));
        lse_ = TRY(device_.allocate<float>(lse_elements(problem), "cuda/lse"));
        return device_.synchronize(stream_); // other streams read the tensors too
    }

private:
    Result<void> enqueue(const Stream& stream, const CancelFlag* cancel) const override {
        return forward_.enqueue({q_.data(), k_.data(), v_.data(), out_.data(), lse_.data()}, stream, cancel);
    }
    Result<void> download() override {
        TRY(out_.download(call_.out, out_.size(), stream_));
        return lse_.download(call_.lse, lse_.size(), stream_);
    }
    std::string kernel() const override { return kernel_text(forward_.kernel().name); }

    AttentionCall call_;
    CudaForward forward_;
    DeviceBuffer<float> out_, lse_;
};

class CudaBackwardCall final : public CudaCall {
public:
    CudaBackwardCall(CudaDevice& device, const GradientCall& call) : CudaCall(device, call.cancel), call_(call) {}

    Result<void> prepare() {
        const Problem& problem = *call_.problem;
        TRY(upload_inputs(call_));
        backward_ =
            TRY(CudaBackward::prepare(device_, *call_.plan, *call_.pattern, {call_.dropout, call_.is_deterministic}));
        out_ = TRY(upload(call_.out, query_elements(problem), "cuda/out"));
        lse_ = TRY(upload(call_.lse, lse_elements(problem), "cuda/lse"));
        dout_ = TRY(upload(call_.dout, query_elements(problem), "cuda/dout"));
        dq_ = TRY(device_.allocate<float>(query_elements(problem), "cuda/dq"));
        dk_ = TRY(device_.allocate<float>(key_elements(problem), "cuda/dk"));
        dv_ = TRY(device_.allocate<float>(key_elements(problem), "cuda/dv"));
        return device_.synchronize(stream_); // other streams read the tensors too
    }

private:
    Result<void> enqueue(const Stream& stream, const CancelFlag* cancel) const override {
        return backward_.enqueue({q_.data(), k_.data(), v_.data(), out_.data(), lse_.data(), dout_.data(), dq_.data(),
                                  dk_.data(), dv_.data()},
                                 stream, cancel);
    }
    Result<void> download() override {
        TRY(dq_.download(call_.dq, dq_.size(), stream_));
        TRY(dk_.download(call_.dk, dk_.size(), stream_));
        return dv_.download(call_.dv, dv_.size(), stream_);
    }
    std::string kernel() const override { return kernel_text(backward_.kernel().name); }

    GradientCall call_;
    CudaBackward backward_;
    DeviceBuffer<float> out_, lse_, dout_, dq_, dk_, dv_;
};

template <class CallOnDevice, class Call>
Result<std::unique_ptr<ReadyCall>> make_call(CudaDevice& device, const Call& call) {
    auto made = std::make_unique<CallOnDevice>(device, call);
    TRY(made->prepare());
    return made;
}

} // namespace

Result<std::unique_ptr<ReadyCall>> make_cuda_call(CudaDevice& device, const AttentionCall& call) {
    return make_call<CudaForwardCall>(device, call);
}

Result<std::unique_ptr<ReadyCall>> make_cuda_call(CudaDevice& device, const GradientCall& call) {
    return make_call<CudaBackwardCall>(device, call);
}

} // namespace dilascope
