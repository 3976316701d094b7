// What runs on a device beside attention: token rows along curves, pictures of weights, matrix products, graphs that
// are timed. On the machine's own GPU, and the same checks, smaller, on the emulator.
#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/cuda/device_plan.h"
#include "engine/backends/cuda/permute.h"
#include "engine/backends/cuda/timing.h"
#include "engine/backends/ready_weights.h"
#include "engine/order/order.h"
#include "tests/contains.h"
#include "tests/engine/device_gemm.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/engine/gpu.h"
#include "tests/engine/reference_check.h"
#include "tests/engine/weights_case.h"

using namespace dilascope;

namespace {

struct TokenRows {
    std::int64_t batch = 1, token_count = 1, row_bytes = 2;
    std::int64_t shift = 0; // bytes from where an allocation begins
};

// From the host through the kernel to the host. What lies before and behind the rows stays as it was.
Result<std::vector<std::byte>> permuted(CudaDevice& device, const TokenRows& rows, const std::vector<std::byte>& from,
                                        PermuteDirection direction) {
    constexpr std::int64_t guard = 64;
    const auto bytes = std::int64_t(from.size());
    const std::vector<std::int32_t> table = tokens_by_rank({.curve = Curve::hilbert}, rows.token_count);
    const auto tokens = TRY(uploaded(device, std::span(table), "test/tokens"));
    auto source = TRY(device.allocate<std::byte>(rows.shift + bytes, "test/from"));
    auto result = TRY(device.allocate<std::byte>(rows.shift + bytes + guard, "test/to"));
    TRY(source.upload(from.data(), bytes, {}, rows.shift));
    TRY(result.fill(0xff));
    TRY(launch_permute(device, {source.data() + rows.shift, result.data() + rows.shift, tokens.data(), rows.batch,
                                rows.token_count, rows.row_bytes, direction}));
    std::vector<std::byte> to(std::size_t(result.size()));
    TRY(result.download(to.data(), result.size()));
    TRY(device.synchronize());
    const auto is_poison = [](std::byte byte) { return byte == std::byte{0xff}; };
    CHECK(std::all_of(to.begin(), to.begin() + rows.shift, is_poison));
    CHECK(std::all_of(to.end() - guard, to.end(), is_poison));
    return std::vector<std::byte>(to.begin() + rows.shift, to.end() - guard);
}

void check_token_rows(CudaDevice& device, const TokenRows& rows) {
    INFO(rows.batch << " sequences of " << rows.token_count << " rows of " << rows.row_bytes << " bytes, shift "
                    << rows.shift);
    std::vector<std::byte> source(std::size_t(rows.batch * rows.token_count * rows.row_bytes));
    std::mt19937_64 random(80);
    for (std::byte& byte : source) byte = std::byte(random() >> 56);
    const auto gathered = permuted(device, rows, source, PermuteDirection::gather);
    INFO((gathered ? "" : gathered.error().what));
    REQUIRE(gathered);
    const std::vector<std::int32_t> table = tokens_by_rank({.curve = Curve::hilbert}, rows.token_count);
    std::int64_t wrong_rows = 0;
    for (std::int64_t row = 0; row < rows.batch * rows.token_count; ++row) {
        const std::int64_t rank = row % rows.token_count, from = row - rank + table[std::size_t(rank)];
        wrong_rows += std::memcmp(gathered->data() + row * rows.row_bytes, source.data() + from * rows.row_bytes,
                                  std::size_t(rows.row_bytes)) != 0;
    }
    CHECK(wrong_rows == 0);
    const auto back = permuted(device, rows, *gathered, PermuteDirection::scatter);
    REQUIRE(back);
    CHECK((*back == source));
}

// Rows of 16-bit and f32 elements, of odd and even widths, short and longer than a block's slots.
void check_all_token_rows(CudaDevice& device, std::int64_t token_count) {
    for (const std::int64_t row_bytes : {2, 4, 6, 12, 16, 74, 128, 132, 136, 518, 2056, 2570, 16400})
        for (const std::int64_t shift : {0, 2, 8}) check_token_rows(device, {2, token_count, row_bytes, shift});
}

void check_pictures(Backend& backend, int trials, const std::vector<std::int64_t>& lengths) {
    std::mt19937_64 random(81);
    int drawn = 0;
    for (int trial = 0; trial < trials; ++trial) {
        const std::optional<WeightsCase> c = random_weights_case(random, lengths, 12);
        if (!c) continue;
        INFO("trial " << trial << ": " << c->text());
        const auto weights = backend.ready_weights();
        REQUIRE(weights);
        const auto pixels = (*weights)->draw(c->call), again = (*weights)->draw(c->call);
        INFO((pixels ? "" : pixels.error().what));
        REQUIRE((pixels && again));
        CHECK(c->worst_error(*pixels) < 1e-5);
        CHECK(*pixels == *again); // whatever the order of its blocks
        ++drawn;
    }
    CHECK(drawn > trials / 2);
}

// Work of one kernel and calls of several become graphs, their times are above 0, and results stay right.
void check_graphs(Backend& backend, CudaDevice& device, std::int64_t seq_len) {
    auto from = device.allocate<std::byte>(seq_len * 128, "test/from"),
         to = device.allocate<std::byte>(seq_len * 128, "test/to");
    const std::vector<std::int32_t> table = tokens_by_rank({.curve = Curve::hilbert}, seq_len);
    const auto tokens = uploaded(device, std::span(table), "test/tokens");
    REQUIRE((from && to && tokens));
    const PermuteCall call{from->data(), to->data(), tokens->data(), 1, seq_len, 128};
    const LaunchWork work = [&](const Stream& stream) { return launch_permute(device, call, stream); };
    for (const L2State l2 : {L2State::hot, L2State::cold}) {
        LaunchTimerOptions options;
        options.l2 = l2;
        auto timer = LaunchTimer::make(device, work, options);
        INFO((timer ? "" : timer.error().what));
        REQUIRE(timer);
        CHECK(timer->graph_absence() == "");
        for (int sample = 0; sample < 3; ++sample) CHECK(timer->sample_ms().value() > 0);
    }

    AttentionCase c(parse_pattern("longnet segments=64,128 rates=1,2").value(), self_attention(seq_len, 2, 64), 82);
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out;
    const auto check = [&](ReadyCall& ready) {
        CHECK(ready.seconds_of(3).value() > 0);
        REQUIRE(ready.flush_caches());
        CHECK(ready.seconds_of(1).value() > 0);
        CHECK(ready.kernel().find("launched singly") == std::string::npos);
        CHECK(ready.run().value() > 0);
    };
    const std::unique_ptr<ReadyCall> forward = backend.ready(c.call()).value();
    check(*forward);
    CHECK(worst_excess(c.out, out, 1e-5, 1e-5) <= 0);
    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dk = c.dk;
    for (const bool is_deterministic : {true, false}) {
        GradientCall gradient = c.gradient_call();
        gradient.is_deterministic = is_deterministic;
        const std::unique_ptr<ReadyCall> backward = backend.ready(gradient).value();
        check(*backward);
        CHECK(worst_gradient_excess(c.dk, dk, 2e-5) <= 0);
    }
}

} // namespace

TEST_CASE("gpu: token rows move along a curve and back", "[gpu][slow][sanitize]") {
    if (CudaDevice* gpu = gpu_or_skip()) check_all_token_rows(*gpu, 37);
}

TEST_CASE("gpu: many token rows move along a curve and back", "[gpu][slow]") {
    CudaDevice* gpu = gpu_or_skip();
    if (!gpu) return;
    for (const std::int64_t row_bytes : {50, 128, 2048}) check_token_rows(*gpu, {3, 10007, row_bytes, 0});
}

TEST_CASE("gpu: a few pictures of weights", "[gpu][slow][sanitize]") {
    if (gpu_or_skip()) check_pictures(cuda_backend(), 8, {5, 64, 127});
}

TEST_CASE("gpu: pictures of weights", "[gpu][slow]") {
    if (gpu_or_skip()) check_pictures(cuda_backend(), 100, {1, 2, 5, 17, 64, 127, 509});
}

TEST_CASE("gpu: matrix products", "[gpu][slow]") {
    CudaDevice* gpu = gpu_or_skip();
    if (!gpu) return;
    if (!cublas_lt().problem.empty()) return skip_test(cublas_lt().problem);
    const Stream stream = gpu->create_stream().value();
    const std::unique_ptr<Gemm> gemm = make_cuda_gemm(*gpu, stream).value();
    check_products(*gpu, stream, *gemm, {1, 2, 3, 7, 16, 17, 31, 64, 129}, 150);
}

TEST_CASE("gpu: what is timed is a graph", "[gpu][slow]") {
    if (CudaDevice* gpu = gpu_or_skip()) check_graphs(cuda_backend(), *gpu, 509);
}

// The same checks where there is no GPU; products on a stand-in for cuBLASLt are in cuda_gemm_test.cpp.

TEST_CASE("emulated cuda: token rows move along a curve and back", "[cuda]") {
    EmulatedCuda cuda;
    check_all_token_rows(**cuda.device, 5);
    CHECK_THAT(launch_permute(**cuda.device, {nullptr, nullptr, nullptr, 1, 5, 3}).error().what,
               contains("token rows of 3 bytes"));
}

TEST_CASE("emulated cuda: a few pictures of weights", "[cuda]") {
    EmulatedCuda cuda;
    check_pictures(cuda.backend, 8, {5, 64, 127});
}

TEST_CASE("emulated cuda: what is timed is a graph", "[cuda]") {
    EmulatedCuda cuda;
    check_graphs(cuda.backend, **cuda.device, 20);
}
