// The cuda backend's kernels and launches against the reference, run by the emulator on machines without a GPU.
#include "engine/backends/cuda/kernel_config.h"
#include "tests/contains.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/engine/reference_check.h"

using namespace dilascope;

namespace {

// The largest error of an element, relative to the reference's.
double worst_relative_error(const std::vector<float>& values, const std::vector<float>& truth) {
    double worst = 0;
    for (std::size_t index = 0; index < truth.size(); ++index)
        worst = std::max(worst, std::abs(double(values[index]) / double(truth[index]) - 1));
    return worst;
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
    for_random_cases({40, 6, {1, 2, 17, 63, 65}, {1, 3, 8, 32, 80}, 2e5},
                     [&](AttentionCase& c) { check_forward(cuda.backend, c); });
}

TEST_CASE("cuda's backward equals the reference", "[cuda][gradient]") {
    EmulatedCuda cuda;
    bool is_deterministic = false;
    for_random_cases({41, 4, {1, 2, 17, 63, 65}, {1, 3, 8, 32, 80}, 1e5},
                     [&](AttentionCase& c) { check_backward(cuda.backend, c, is_deterministic = !is_deterministic); });
}

TEST_CASE("cuda's kernels equal the reference in every order of threads", "[cuda]") {
    for (const simt::ThreadOrder order : {simt::ThreadOrder::descending, simt::ThreadOrder::shuffled})
        for (const Dtype dtype : {Dtype::f32, Dtype::bf16}) {
            EmulatedCuda cuda({.order = order, .seed = 5});
            Problem problem = self_attention(100, 1, 32, true);
            problem.dtype = dtype;
            AttentionCase c(parse_pattern("longnet segments=32,128 rates=1,2").value(), problem, 42);
            c.dropout = {0.2, 7};
            check_forward(cuda.backend, c);
            check_backward(cuda.backend, c, true);
            check_backward(cuda.backend, c, false);
        }
}

// Tensor cores cut sums off: terms of one sign show what a sum along all keys loses.
TEST_CASE("cuda's f32 sums along keys do not shrink with the number of keys", "[cuda][slow]") {
    EmulatedCuda cuda;
    Problem problem = self_attention(16, 1, 1);
    problem.kv_len = 2048;
    AttentionCase c({Dense{}}, problem, 50);
    // Errors are 7e-7 (out) and 1.2e-6 (dq); they were 2.5e-5 and 3.2e-5 with one sum along all keys.
    std::ranges::transform(c.v, c.v.begin(), [](float value) { return std::abs(value); });
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out;
    REQUIRE(cuda.backend.forward(c.call()));
    CHECK(worst_relative_error(c.out, out) < 4e-6);

    c.v = c.k; // then dq is dout times the variance of k
    REQUIRE(cuda.backend.forward(c.call()));
    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dq = c.dq;
    REQUIRE(cuda.backend.backward(c.gradient_call()));
    CHECK(worst_relative_error(c.dq, dq) < 4e-6);
}

TEST_CASE("a GPU of 99 KiB of shared memory runs every width", "[cuda][slow]") {
    DeviceProperties small = emulated_h100();
    small.name = "GeForce RTX 3060", small.compute_minor = 6, small.shared_bytes_per_block = 99 * 1024;
    for (const Dtype dtype : {Dtype::f32, Dtype::bf16})
        for (const std::int64_t head_dim : {64, 128, 256}) {
            EmulatedCuda cuda({}, small);
            Problem problem = self_attention(70, 1, head_dim);
            problem.dtype = dtype;
            AttentionCase c(parse_pattern("dense").value(), problem, 44);
            REQUIRE(cuda.backend.choose(c.problem, c.pattern, Direction::backward).supported());
            check_forward(cuda.backend, c);
            check_backward(cuda.backend, c, false);
        }
}

TEST_CASE("cuda equals the reference often", "[cuda][slow]") {
    EmulatedCuda cuda;
    for_random_cases({45, 25, {1, 3, 63, 64, 65, 127, 200}, all_widths, 1e6}, [&](AttentionCase& c) {
        check_forward(cuda.backend, c);
        check_backward(cuda.backend, c, c.problem.seq_len % 2 == 0);
    });
}

TEST_CASE("tf32 is used only where it is allowed", "[cuda]") {
    EmulatedCuda cuda;
    Problem problem = self_attention(70, 1, 64);
    REQUIRE(set_elements(problem, "tf32"));
    AttentionCase c(parse_pattern("dense").value(), problem, 46);
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out;
    CHECK(cuda.backend.choose(c.problem, c.pattern, Direction::forward).kernel == "cuda/forward tf32 d64 r64");
    REQUIRE(cuda.backend.forward(c.call()));
    const double error = worst_excess(c.out, out, 0, 0);
    CHECK(error < 5e-3); // 11 bits of scores and weights
    CHECK(error > 2e-5); // f32 would be below
    CHECK(std::string(cuda.api.launches().back().name) == "forward tf32 d64 r64");
}

TEST_CASE("a deterministic backward has the same bits whatever the order of blocks and threads", "[cuda][slow]") {
    DeviceProperties small = emulated_h100();
    small.multiprocessors = 1; // so that a unit holds many tiles, and a key's gradient more than two sums
    for (const bool is_deterministic : {true, false}) {
        std::vector<float> dk, dv;
        for (const simt::ThreadOrder order : {simt::ThreadOrder::ascending, simt::ThreadOrder::descending}) {
            EmulatedCuda cuda({.order = order}, small);
            AttentionCase c(parse_pattern("longnet segments=16,64 rates=1,2").value(), self_attention(140, 2, 16), 47);
            REQUIRE(cuda.backend.forward(c.call()));
            GradientCall call = c.gradient_call();
            call.is_deterministic = is_deterministic;
            REQUIRE(cuda.backend.backward(call));
            if (dk.empty()) dk = c.dk, dv = c.dv;
            const bool has_same_bits = dk == c.dk && dv == c.dv;
            // The sums of the other kind follow the order of blocks, or this test could not fail.
            CHECK(has_same_bits == (is_deterministic || order == simt::ThreadOrder::ascending));
        }
    }
}

TEST_CASE("faults of the device are sentences, and a call that met one can be made again", "[cuda]") {
    EmulatedCuda cuda;
    AttentionCase c(parse_pattern("dense").value(), self_attention(40, 1, 16), 48);
    const auto error = [&] {
        const Result<void> result = cuda.backend.forward(c.call());
        return result ? std::string() : result.error().what;
    };
    cuda.api.fail_at(ApiCall::allocate, 3, DeviceStatus::out_of_memory);
    CHECK_THAT(error(), contains("free"));
    CHECK(error() == "");
    CHECK(cuda.backend.available());
    cuda.api.fail_at(ApiCall::launch, 1, DeviceStatus::lost, "cudaErrorIllegalAddress");
    const std::string lost = error();
    CHECK_THAT(lost, contains("lost"));
    CHECK(error() == lost);
    CHECK_FALSE(cuda.backend.available());
    CHECK(cuda.backend.status() == lost);
}

TEST_CASE("what cuda cannot run it refuses with the reason", "[cuda]") {
    EmulatedCuda cuda;
    Problem problem = self_attention(40, 1, 16);
    const auto reason = [&](const char* pattern) {
        return cuda.backend.choose(problem, parse_pattern(pattern).value(), Direction::forward).reason;
    };
    CHECK_THAT(reason("fkodom segments=16 rates=1"), contains("mix=mean"));
    problem.dtype = Dtype::f64;
    CHECK_THAT(reason("dense"), contains("f32, f16 or bf16"));
    problem.dtype = Dtype::f32, problem.head_dim = 300;
    CHECK_THAT(reason("dense"), contains("1 … 256, not 300"));
}

TEST_CASE("a ready call computes again and again from one upload, as one graph", "[cuda]") {
    EmulatedCuda cuda;
    AttentionCase c(parse_pattern("longnet segments=16,64 rates=1,2").value(), self_attention(70, 2, 8), 48);
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out;
    const std::unique_ptr<ReadyCall> forward = cuda.backend.ready(c.call()).value();
    CHECK(forward->kernel() == "cuda/forward f32 d64 r64");
    REQUIRE(forward->run());
    CHECK(worst_excess(c.out, out, 1e-5, 1e-5) <= 0);
    const int uploads = cuda.api.calls(ApiCall::copy_to_device), downloads = cuda.api.calls(ApiCall::copy_to_host);
    cuda.api.launch_ms = 0.25;
    CHECK(forward->seconds_of(3).value() > 0);
    CHECK(cuda.api.calls(ApiCall::launch_graph) == 3);
    const int fills = cuda.api.calls(ApiCall::fill);
    REQUIRE(forward->flush_caches());
    CHECK(cuda.api.calls(ApiCall::fill) == fills + 1);
    CHECK(cuda.api.calls(ApiCall::copy_to_device) == uploads);
    CHECK(cuda.api.calls(ApiCall::copy_to_host) == downloads);
    std::ranges::fill(c.out, 0.0f);
    REQUIRE(forward->run());
    CHECK(worst_excess(c.out, out, 1e-5, 1e-5) <= 0);

    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dk = c.dk;
    const std::unique_ptr<ReadyCall> backward = cuda.backend.ready(c.gradient_call()).value();
    REQUIRE(backward->run());
    CHECK(worst_gradient_excess(c.dk, dk, 2e-5) <= 0);
    REQUIRE(backward->seconds_of(2));
    REQUIRE(backward->run()); // sums of an earlier run are not added to
    CHECK(worst_gradient_excess(c.dk, dk, 2e-5) <= 0);
}

TEST_CASE("a ready call that can be no graph tells so with its kernel", "[cuda]") {
    EmulatedCuda cuda;
    AttentionCase c({Dense{}}, self_attention(20, 1, 8), 49);
    const std::unique_ptr<ReadyCall> forward = cuda.backend.ready(c.call()).value();
    cuda.api.fail_at(ApiCall::end_capture, 1, DeviceStatus::failed, "cudaErrorStreamCaptureInvalidated: …");
    REQUIRE(forward->seconds_of(2));
    CHECK_THAT(forward->kernel(), contains("cuda/forward f32 d64 r64, launched singly ("));
    CHECK_THAT(forward->kernel(), contains("cudaErrorStreamCaptureInvalidated"));
}
