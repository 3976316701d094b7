#pragma once
// CaseCall: a case made ready to run: problem, pattern, plan, backend, inputs and output buffers.
#include "engine/backends/backend.h"
#include "experiments/inputs.h"

namespace dilascope {

struct CaseCall {
    Problem problem;
    Pattern pattern;
    Plan plan;
    TimedDirection direction = TimedDirection::forward;
    Backend* backend = nullptr;
    KernelChoice choice;
    std::string passed_over;     // what backend=auto passed over, and why; see backend.h
    const Qkv* inputs = nullptr; // of values that the dtype holds; borrowed from Inputs or the tensors
    Buffer<std::byte> q, k, v;   // the same of dtypes other than f32
    Buffer<float> out, lse;      // (B,N,H,D), (B,H,N)
    Buffer<float> dq, dk, dv;    // (B,N,H,D), (B,M,G,D) twice; empty in forward
    const CancelFlag* cancel = nullptr;

    CaseCall() = default;
    CaseCall(const CaseCall&) = delete; // ready calls point into it
    CaseCall& operator=(const CaseCall&) = delete;

    bool has_gradients() const { return direction != TimedDirection::forward; }
    AttentionCall attention() const;
    GradientCall gradient() const;
    // Computes once into the buffers: what is verified. Seconds of what the direction times.
    Result<double> run();
    // What the direction times, as often as one likes; after run().
    ReadyCall& timed() const { return *timed_call(); }
    // The kernels that run, and why: as chosen, until run() knows better.
    std::string kernel() const;
    // Of what is timed, as benchmarks count them.
    double flops() const;

private:
    ReadyCall* timed_call() const; // null before run()
    std::unique_ptr<ReadyCall> forward_, backward_, both_;
};

// Backend and plan only; then tensors and output buffers. Errors name what is missing: a kernel, memory, tensors.
Result<std::unique_ptr<CaseCall>> plan_call(const Case& config, const CancelFlag* cancel);
Result<void> fill_call(CaseCall& call, const Case& config, Inputs& inputs, const Qkv* tensors);

} // namespace dilascope
