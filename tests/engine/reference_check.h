#pragma once
// One call of a backend against the float64 reference: its results, and which kernel computed them. Differences are
// CHECKed, so that a sweep tells all kernels that are wrong; a call that cannot run ends the test.
#include "tests/catch.h"
#include "tests/engine/sweep.h"

namespace dilascope {

// `kernel`: the KernelConfig's name that must run; "" for any.
inline void run_ready(const Result<std::unique_ptr<ReadyCall>>& ready, std::string_view kernel) {
    INFO((ready ? "" : ready.error().what));
    REQUIRE(ready);
    if (!kernel.empty()) CHECK((*ready)->kernel() == fmt::format("cuda/{}", kernel));
    const Result<double> seconds = (*ready)->run();
    INFO((seconds ? "" : seconds.error().what));
    REQUIRE(seconds);
}

inline void check_forward(Backend& backend, AttentionCase& c, std::string_view kernel = "") {
    INFO(describe(c));
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    run_ready(backend.ready(c.call()), kernel);
    const Tolerance tolerance = tolerance_of(c.problem, c.dropout);
    CHECK(worst_excess(c.lse, lse, tolerance.lse, tolerance.lse) <= 0);
    CHECK(worst_excess(c.out, out, tolerance.out, tolerance.out) <= 0);
}

inline void check_backward(Backend& backend, AttentionCase& c, bool is_deterministic, std::string_view kernel = "") {
    INFO(describe(c) << (is_deterministic ? " deterministic" : ""));
    c.call(); // poisons out and lse, which the reference's gradient does not read
    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
    run_ready(backend.ready(c.call()), "");
    GradientCall call = c.gradient_call();
    call.is_deterministic = is_deterministic;
    run_ready(backend.ready(call), kernel);
    const double tolerance = tolerance_of(c.problem, c.dropout).gradient;
    CHECK(worst_gradient_excess(c.dq, dq, tolerance) <= 0);
    CHECK(worst_gradient_excess(c.dk, dk, tolerance) <= 0);
    CHECK(worst_gradient_excess(c.dv, dv, tolerance) <= 0);
}

} // namespace dilascope
