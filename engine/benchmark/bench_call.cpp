#include "engine/benchmark/bench_call.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/bench_input.h"
#include "engine/pattern/pattern_text.h"

namespace dilascope {

Result<BenchCall> BenchCall::prepare(const std::string& pattern, const Problem& problem, Direction direction) {
    BenchCall call;
    call.pattern = TRY(parse_pattern(pattern));
    call.direction = direction;
    call.plan = TRY(make_plan(call.pattern, problem));
    for (const Direction needed : {Direction::forward, direction}) {
        const KernelChoice choice = cpu_backend().choose(problem, call.pattern, needed);
        if (!choice.supported()) return fail(choice.reason);
    }
    const std::int64_t queries = query_elements(problem), keys = key_elements(problem);
    call.q = TRY(bench_tensor(1, queries, problem.dtype));
    call.k = TRY(bench_tensor(2, keys, problem.dtype));
    call.v = TRY(bench_tensor(3, keys, problem.dtype));
    call.out = TRY(Buffer<float>::allocate(queries, "bench/output"));
    call.lse = TRY(Buffer<float>::allocate(lse_elements(problem), "bench/output"));
    if (direction == Direction::forward) return call;
    call.dout = TRY(Buffer<float>::allocate(queries, "bench/input"));
    fill_bench_input(4, queries, Dtype::f32, call.dout.data());
    call.dq = TRY(Buffer<float>::allocate(queries, "bench/output"));
    call.dk = TRY(Buffer<float>::allocate(keys, "bench/output"));
    call.dv = TRY(Buffer<float>::allocate(keys, "bench/output"));
    return call;
}

Result<void> BenchCall::forward() const {
    AttentionCall call;
    call.problem = &plan.problem, call.pattern = &pattern, call.plan = &plan;
    call.q = q.data(), call.k = k.data(), call.v = v.data();
    call.out = out.data(), call.lse = lse.data();
    return cpu_backend().forward(call);
}

Result<void> BenchCall::backward() const {
    GradientCall call;
    call.problem = &plan.problem, call.pattern = &pattern, call.plan = &plan;
    call.q = q.data(), call.k = k.data(), call.v = v.data();
    call.out = out.data(), call.lse = lse.data(), call.dout = dout.data();
    call.dq = dq.data(), call.dk = dk.data(), call.dv = dv.data();
    return cpu_backend().backward(call);
}

} // namespace dilascope
