#include "experiments/case_call.h"
#include "engine/benchmark/bench_rates.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

// Forward, then backward, each as often as asked.
class BothCalls final : public ReadyCall {
public:
    BothCalls(ReadyCall& forward, ReadyCall& backward) : forward_(forward), backward_(backward) {}
    Result<double> run() override { return TRY(forward_.run()) + TRY(backward_.run()); }
    Result<double> seconds_of(std::int64_t count) override {
        return TRY(forward_.seconds_of(count)) + TRY(backward_.seconds_of(count));
    }
    Result<void> flush_caches() override { return forward_.flush_caches(); }
    std::string kernel() const override {
        return forward_.kernel().empty() ? "" : forward_.kernel() + " + " + backward_.kernel();
    }

private:
    ReadyCall &forward_, &backward_;
};

// The kernels of what is timed, and why; unsupported when one is.
KernelChoice choose_for(const Backend& backend, const Problem& problem, const Pattern& pattern,
                        TimedDirection direction) {
    if (direction == TimedDirection::backward) return backend.choose(problem, pattern, Direction::backward);
    KernelChoice choice = backend.choose(problem, pattern);
    if (direction == TimedDirection::forward) return choice;
    const KernelChoice backward = backend.choose(problem, pattern, Direction::backward);
    return {choice.kernel + " + " + backward.kernel, choice.reason + "; " + backward.reason};
}

} // namespace

AttentionCall CaseCall::attention() const {
    AttentionCall call;
    call.problem = &problem;
    call.pattern = &pattern;
    call.plan = &plan;
    const bool is_f32 = problem.dtype == Dtype::f32;
    call.q = is_f32 ? static_cast<const void*>(inputs->q.data()) : q.data();
    call.k = is_f32 ? static_cast<const void*>(inputs->k.data()) : k.data();
    call.v = is_f32 ? static_cast<const void*>(inputs->v.data()) : v.data();
    call.out = out.data();
    call.lse = lse.data();
    call.cancel = cancel;
    return call;
}

GradientCall CaseCall::gradient() const {
    const AttentionCall forward = attention();
    GradientCall call;
    call.problem = forward.problem, call.pattern = forward.pattern, call.plan = forward.plan;
    call.q = forward.q, call.k = forward.k, call.v = forward.v;
    call.out = forward.out, call.lse = forward.lse, call.dout = inputs->dout->data();
    call.dq = dq.data(), call.dk = dk.data(), call.dv = dv.data();
    call.cancel = cancel;
    return call;
}

Result<double> CaseCall::run() {
    if (!forward_) forward_ = TRY(backend->ready(attention()));
    const double forward_s = TRY(forward_->run());
    if (!has_gradients()) return forward_s;
    if (!backward_) backward_ = TRY(backend->ready(gradient())); // it takes what forward wrote
    const double backward_s = TRY(backward_->run());
    if (direction == TimedDirection::backward) return backward_s;
    if (!both_) both_ = std::make_unique<BothCalls>(*forward_, *backward_);
    return forward_s + backward_s;
}

ReadyCall* CaseCall::timed_call() const {
    switch (direction) {
    case TimedDirection::forward: return forward_.get();
    case TimedDirection::backward: return backward_.get();
    case TimedDirection::forward_backward: break;
    }
    return both_.get();
}

std::string CaseCall::kernel() const {
    const ReadyCall* timed = timed_call();
    return timed && !timed->kernel().empty() ? timed->kernel() : choice.kernel;
}

double CaseCall::flops() const {
    const double forward = bench_flops(plan, Direction::forward), backward = bench_flops(plan, Direction::backward);
    switch (direction) {
    case TimedDirection::forward: return forward;
    case TimedDirection::backward: return backward;
    case TimedDirection::forward_backward: break;
    }
    return forward + backward;
}

Result<std::unique_ptr<CaseCall>> plan_call(const Case& config, const CancelFlag* cancel) {
    TRY(validate(config));
    auto call = std::make_unique<CaseCall>();
    call->cancel = cancel;
    call->problem = TRY(problem_of(config));
    call->pattern = TRY(pattern_of(config));
    call->direction = *enum_from_name<TimedDirection>(config.direction);
    const Direction direction = call->has_gradients() ? Direction::backward : Direction::forward;
    call->backend = TRY(find_backend(config.backend, call->problem, call->pattern, direction));
    if (config.backend == "auto")
        call->passed_over = passed_over(*call->backend, call->problem, call->pattern, direction);
    call->choice = choose_for(*call->backend, call->problem, call->pattern, call->direction);
    call->plan = TRY(make_plan(call->pattern, call->problem));
    return call;
}

Result<void> fill_call(CaseCall& call, const Case& config, Inputs& inputs, const Qkv* tensors) {
    const Problem& problem = call.problem;
    call.inputs = TRY(inputs.of(config, problem, tensors, call.cancel));
    const std::int64_t out_count = query_elements(problem), lse_count = lse_elements(problem);
    const std::int64_t key_count = key_elements(problem);
    const double gradient_count = call.has_gradients() ? double(out_count) + 2 * double(key_count) : 0;
    const double stored_bytes = problem.dtype == Dtype::f32
                                    ? 0
                                    : (double(out_count) + 2 * double(key_count)) * double(dtype_bytes(problem.dtype));
    TRY(check_memory(double(out_count + lse_count) * double(sizeof(float)) + gradient_count * double(sizeof(float)) +
                         stored_bytes,
                     call.has_gradients() ? "out, lse and gradients" : "out and lse"));
    if (problem.dtype != Dtype::f32) {
        call.q = TRY(stored_as(call.inputs->q, problem.dtype, "q"));
        call.k = TRY(stored_as(call.inputs->k, problem.dtype, "k"));
        call.v = TRY(stored_as(call.inputs->v, problem.dtype, "v"));
    }
    call.out = TRY(Buffer<float>::allocate(out_count, "experiments/out"));
    call.lse = TRY(Buffer<float>::allocate(lse_count, "experiments/lse"));
    if (!call.has_gradients()) return {};
    call.dq = TRY(Buffer<float>::allocate(out_count, "experiments/dq"));
    call.dk = TRY(Buffer<float>::allocate(key_count, "experiments/dk"));
    call.dv = TRY(Buffer<float>::allocate(key_count, "experiments/dv"));
    return {};
}

} // namespace dilascope
