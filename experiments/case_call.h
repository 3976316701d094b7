#pragma once
// CaseCall: a case made ready to run: problem, pattern, plan, backend, inputs and output buffers.
#include "engine/backends/backend.h"
#include "experiments/inputs.h"

namespace dilascope {

struct CaseCall {
    Problem problem;
    Pattern pattern;
    Plan plan;
    Backend* backend = nullptr;
    KernelChoice choice;
    const Qkv* inputs = nullptr; // borrowed from Inputs or the tensors
    Buffer<float> out, lse;      // (B,N,H,D), (B,H,N)
    const CancelFlag* cancel = nullptr;

    AttentionCall attention() const;
    Result<void> forward() const { return backend->forward(attention()); }
};

// Backend and plan only; then tensors and output buffers. Errors name what is missing: a kernel, memory, tensors.
Result<CaseCall> plan_call(const Case& config, const CancelFlag* cancel);
Result<void> fill_call(CaseCall& call, const Case& config, Inputs& inputs, const Qkv* tensors);

// How the output of a call compares with the reference.
struct Verdict {
    std::string text; // "ok" or "wrong: …"
    double error_max_abs = 0;
    std::int64_t row_count = 0; // compared
    bool is_ok() const { return text == "ok"; }
};

// Compares out and lse of up to `row_count` rows, spread over batch, heads and queries, first and last among them.
// mix=fkodom costs the reference a whole head a row, so its rows come from two heads.
Result<Verdict> verify(const CaseCall& call, std::int64_t row_count);

} // namespace dilascope
