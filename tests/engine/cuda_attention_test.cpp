// The cuda backend's kernels and launches against the reference, run by the emulator on machines without a GPU.
#include "engine/backends/cuda/cuda_backward.h"
#include "engine/backends/reference.h"
#include "tests/catch.h"
#include "tests/engine/emulated_attention.h"
#include "tests/engine/sweep.h"
#include <map>

using namespace dilascope;

namespace {

void check_forward(EmulatedCuda& cuda, AttentionCase& c) {
    if (!cuda.backend.choose(c.problem, c.pattern, Direction::forward).supported()) return;
    INFO(describe(c));
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    const Tolerance tolerance = tolerance_of(c.problem.dtype, c.dropout);
    const Result<void> result = cuda.backend.forward(c.call());
    INFO((result ? "" : result.error().what) << cuda.emulator_error);
    REQUIRE(result);
    REQUIRE(worst_excess(c.lse, lse, tolerance.lse, tolerance.lse) <= 0);
    REQUIRE(worst_excess(c.out, out, tolerance.out, tolerance.out) <= 0);
}

void check_backward(EmulatedCuda& cuda, AttentionCase& c, bool is_deterministic) {
    if (!cuda.backend.choose(c.problem, c.pattern, Direction::backward).supported()) return;
    INFO(describe(c) << (is_deterministic ? " deterministic" : ""));
    c.call();
    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
    REQUIRE(cuda.backend.forward(c.call()));
    GradientCall call = c.gradient_call();
    call.is_deterministic = is_deterministic;
    const Result<void> result = cuda.backend.backward(call);
    INFO((result ? "" : result.error().what) << cuda.emulator_error);
    REQUIRE(result);
    const double tolerance = tolerance_of(c.problem.dtype, c.dropout).gradient;
    REQUIRE(worst_gradient_excess(c.dq, dq, tolerance) <= 0);
    REQUIRE(worst_gradient_excess(c.dk, dk, tolerance) <= 0);
    REQUIRE(worst_gradient_excess(c.dv, dv, tolerance) <= 0);
}

} // namespace

TEST_CASE("the attention kernels stand in the table under their configurations' names", "[cuda]") {
    for (const KernelConfig& config : kernel_configs()) {
        INFO(config.name);
        CHECK(emulated_kernels().find(config.name));
    }
}

TEST_CASE("cuda's forward equals the reference", "[cuda][attend]") {
    EmulatedCuda cuda;
    for_random_cases({40, 12, {1, 2, 17, 63, 64, 65, 130}, {1, 3, 8, 32, 64, 80, 128}, 2e6},
                     [&](AttentionCase& c) { check_forward(cuda, c); });
}

TEST_CASE("cuda's backward equals the reference", "[cuda][gradient]") {
    EmulatedCuda cuda;
    bool is_deterministic = false;
    for_random_cases({41, 8, {1, 2, 17, 63, 64, 65, 130}, {1, 3, 8, 32, 64, 80, 128}, 1e6},
                     [&](AttentionCase& c) { check_backward(cuda, c, is_deterministic = !is_deterministic); });
}
