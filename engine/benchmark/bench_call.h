#pragma once
// BenchCall: one case made ready to run on the `cpu` backend: plan, inputs, and room for what comes out.
#include "engine/backends/backend.h"
#include "engine/benchmark/bench_rates.h"
#include "engine/memory/buffer.h"

namespace dilascope {

struct BenchCall {
    Pattern pattern;
    Direction direction = Direction::forward;
    Plan plan;
    Buffer<std::byte> q, k, v;      // bench_input() of seeds 1, 2, 3, in the problem's dtype
    Buffer<float> out, lse;         // of forward
    Buffer<float> dout, dq, dk, dv; // of backward; dout is bench_input() of seed 4. Empty when direction is forward

    // Error when the pattern does not parse or fit, no kernel runs it, or memory is short.
    static Result<BenchCall> prepare(const std::string& pattern, const Problem& problem, Direction direction);

    const Problem& problem() const { return plan.problem; }
    Result<void> forward() const;
    Result<void> backward() const; // after forward()
    Result<void> run() const { return direction == Direction::forward ? forward() : backward(); }

    double flops() const { return bench_flops(plan, direction); } // of one run()
    std::int64_t bytes() const { return bench_bytes(problem(), direction); }
};

} // namespace dilascope
