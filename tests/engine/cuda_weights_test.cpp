// Heatmap pixels of the cuda backend, its kernel on the emulator, against weights computed from the predicate.
#include "engine/backends/cuda/weights_params.h"
#include "engine/backends/ready_weights.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/engine/weights_case.h"
#include "tests/simt/every_order.h"

namespace dilascope {

TEST_CASE("cuda weights: pixels are the mean weights of their queries, in any order of threads", "[cuda]") {
    std::mt19937_64 random(12);
    int drawn = 0;
    for (int trial = 0; trial < 40; ++trial) {
        const std::optional<WeightsCase> c = random_weights_case(random, {1, 2, 5, 17, 64, 127}, 12);
        if (!c) continue;
        INFO("trial " << trial << ": " << c->text());
        std::vector<float> first;
        for (const simt::RunOptions& options : simt::every_order) {
            EmulatedCuda cuda(options); // which checks at its end that nothing leaks and no memory was misused
            const auto weights = cuda.backend.ready_weights();
            REQUIRE(weights);
            const auto pixels = (*weights)->draw(c->call);
            REQUIRE(pixels);
            CHECK(c->worst_error(*pixels) < 1e-5);
            if (first.empty()) first = *pixels;
            CHECK(*pixels == first);
            ++drawn;
        }
    }
    CHECK(drawn > 100);
}

TEST_CASE("cuda weights: one picture after another, of other heads, plans and batch elements", "[cuda]") {
    Problem problem = self_attention(50, 4, 8);
    problem.batch = 2, problem.kv_heads = 2;
    WeightsCase c{std::make_unique<AttentionCase>(Pattern{Dense{}}, problem, 5), {}};
    const AttentionCase local(parse_pattern("local window=8").value(), problem, 5);
    EmulatedCuda cuda;
    const auto weights = cuda.backend.ready_weights();
    REQUIRE(weights);
    c.call = weights_call(*c.attention);
    c.call.rows = 5, c.call.columns = 7, c.call.queries_per_pixel = 3;
    for (const std::int64_t head : {0, 1, 3, 0})
        for (const std::int64_t batch : {1, 0}) {
            c.call.head = head, c.call.batch = batch;
            INFO("head " << head << " batch " << batch);
            CHECK(c.worst_error((*weights)->draw(c.call).value()) < 1e-5);
        }
    c.attention->pattern = local.pattern, c.attention->plan = local.plan;
    CHECK(c.worst_error((*weights)->draw(c.call).value()) < 1e-5);
}

TEST_CASE("cuda weights: sums of many like weights keep their small terms", "[cuda]") {
    constexpr std::int64_t length = 100000;
    AttentionCase c({Dense{}}, self_attention(length, 1, 1), 3);
    std::ranges::fill(c.q, 0.0f); // all scores alike
    WeightsCall call = weights_call(c);
    call.region.q = {0, 1}, call.rows = 1, call.columns = 4;
    EmulatedCuda cuda;
    const std::unique_ptr<ReadyWeights> weights = cuda.backend.ready_weights().value();
    std::vector<float> pixels = weights->draw(call).value();
    for (const float weight : pixels) CHECK(weight == Approx(0.25).epsilon(1e-7));

    std::ranges::fill(c.q, 1.0f); // other terms than 1, whose sums floats hold exactly
    pixels = weights->draw(call).value();
    double sum = 0;
    for (const float weight : pixels) sum += double(weight);
    CHECK(sum == Approx(1).epsilon(1e-7));
}

TEST_CASE("cuda weights: scores that are huge or no numbers", "[cuda]") {
    AttentionCase c({Dense{}}, self_attention(40, 1, 8), 3);
    for (float& value : c.q) value *= 1e4f;
    c.q[0] = std::numeric_limits<float>::infinity(), c.q[8] = std::numeric_limits<float>::quiet_NaN();
    WeightsCall call = weights_call(c);
    call.rows = 40, call.columns = 1;
    EmulatedCuda cuda;
    const std::vector<float> pixels = (*cuda.backend.ready_weights())->draw(call).value();
    CHECK(pixels[0] == 0);
    CHECK(pixels[1] == 0);
    for (std::size_t row = 2; row < pixels.size(); ++row) CHECK(pixels[row] == Approx(1).epsilon(1e-6));
}

TEST_CASE("cuda weights: the column of a key", "[cuda]") {
    const std::vector<std::int64_t> edges = {3, 3, 5, 9, 9, 12};
    const auto column = [&](std::int64_t key) { return pixel_column(edges.data(), int(edges.size()) - 1, key); };
    CHECK(column(2) == -1);
    CHECK(column(3) == 1);
    CHECK(column(4) == 1);
    CHECK(column(5) == 2);
    CHECK(column(8) == 2);
    CHECK(column(9) == 4);
    CHECK(column(11) == 4);
    CHECK(column(12) == -1);
}

TEST_CASE("cuda weights: cancelled, out of memory, lost", "[cuda]") {
    const AttentionCase c({Dense{}}, self_attention(40, 1, 8), 3);
    WeightsCall call = weights_call(c);
    call.rows = 4, call.columns = 4;
    const CancelFlag cancel = true;
    EmulatedCuda cuda;
    const auto weights = cuda.backend.ready_weights();
    REQUIRE(weights);
    call.cancel = &cancel;
    CHECK_THAT((*weights)->draw(call).error().what, contains("attention weights: cancelled"));
    call.cancel = nullptr;
    cuda.api.fail_at(ApiCall::allocate, 1, DeviceStatus::out_of_memory);
    CHECK_THAT((*weights)->draw(call).error().what, contains("1024.0 MiB free"));
    CHECK((*weights)->draw(call)); // the next one has room again
    cuda.api.fail_at(ApiCall::launch, 1, DeviceStatus::lost);
    CHECK_THAT((*weights)->draw(call).error().what, contains("lost"));
    CHECK_THAT(cuda.backend.ready_weights().error().what, contains("lost"));
}

} // namespace dilascope
