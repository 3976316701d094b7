// The cpu kernel on hand-made plans, in every instruction set, against the plan in float64.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/tile_kernel.h"
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"
#include "tests/engine/forced_target.h"
#include "tests/engine/plan_truth.h"
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <omp.h>
#include <thread>

using namespace dilascope;

namespace {

constexpr double tolerance = 1e-5; // f32 sums of up to 1024 terms of size 1

// Tensors for a plan; the pattern is only asked for its number of branches.
struct PlanCase {
    Plan plan;
    Pattern pattern;
    std::vector<float> q, k, v, out, lse;
    explicit PlanCase(Plan plan_in, Pattern pattern_in = {})
        : plan(std::move(plan_in)), pattern(std::move(pattern_in)), q(std::size_t(query_elements(plan.problem))),
          k(std::size_t(key_elements(plan.problem))), v(k.size()), out(q.size()),
          lse(std::size_t(lse_elements(plan.problem))) {
        fill_normal(q, 1), fill_normal(k, 2), fill_normal(v, 3);
    }
    Result<void> run() {
        std::ranges::fill(out, std::numeric_limits<float>::quiet_NaN());
        std::ranges::fill(lse, std::numeric_limits<float>::quiet_NaN());
        return cpu_backend().forward(
            {&plan.problem, &pattern, &plan, q.data(), k.data(), v.data(), out.data(), lse.data(), nullptr});
    }
    PlanTruth truth(int pass = 0) const { return pass_truth(plan, pass, q.data(), k.data(), v.data()); }
    void check(const PlanTruth& expected) {
        for (const std::string& target : tile_kernel_targets()) {
            INFO(target << " D" << plan.problem.head_dim);
            const ForcedTarget forced(target);
            REQUIRE(run());
            CHECK(worst_excess(out, expected.out, tolerance, tolerance) <= 0);
            CHECK(worst_excess(lse, expected.lse, tolerance, tolerance) <= 0);
        }
    }
};

Problem problem_of(std::int64_t seq_len, std::int64_t kv_len, std::int64_t head_dim) {
    Problem problem = self_attention(seq_len, 4, head_dim);
    problem.kv_len = kv_len;
    problem.kv_heads = 2;
    problem.batch = 2;
    return problem;
}

const std::vector<std::int64_t> head_dims = {1, 3, 8, 32, 64, 80, 128, 256};

} // namespace

TEST_CASE("cpu: affine and listed rows, strided runs, bands and rows without a key", "[engine]") {
    for (std::int64_t head_dim : head_dims) {
        HandPlan hand(problem_of(300, 310, head_dim));
        hand.begin_list(0);
        hand.add_affine(10, 1, 128, {{0, 1, 310, 0, {}}}); // more keys than a block
        hand.add_listed({140, 141, 150, 177, 178, 179, 180}, {{3, 7, 40, 0, {}}, {0, 2, 9, 1, {}}}); // short runs
        hand.add_affine(181, 3, 30, {{0, 1, 200, 0, {}}, {200, 1, 110, 0, {-Band::open, 0}}});       // causal edge
        hand.add_affine(272, 1, 33, {{240, 1, 70, 0, {-5, 3}}, {1, 5, 60, 0, {-100, -60}}}); // two bands in a block
        hand.add_affine(305, 1, 2, {{308, 1, 2, 0, {-Band::open, -9}}});                     // nothing visible
        hand.add_affine(307, 1, 1, {});                                                      // no runs at all
        PlanCase c(hand.plan); // positions 138, 139, 308, 309 … are in no tile
        c.check(c.truth());
    }
}

TEST_CASE("cpu: repeated tiles shift rows and keys", "[engine]") {
    HandPlan hand(problem_of(640, 640, 32));
    hand.begin_list(0, 5, 128, 0); // the same keys for all repeats: they share gathered blocks
    hand.add_affine(0, 2, 64, {{1, 3, 213, 0, {}}});
    hand.begin_list(0, 4, 160, 160); // keys move along
    hand.add_affine(1, 2, 60, {{0, 1, 100, 0, {}}, {100, 1, 60, 0, {-Band::open, 0}}});
    PlanCase c(hand.plan);
    c.check(c.truth());
}

TEST_CASE("cpu: a key in two runs counts twice", "[engine]") {
    HandPlan hand(problem_of(5, 5, 8));
    hand.begin_list(0);
    hand.add_affine(0, 1, 5, {{0, 1, 5, 0, {}}, {2, 1, 1, 1, {}}});
    PlanCase c(hand.plan);
    c.check(c.truth());
    HandPlan once(problem_of(5, 5, 8));
    once.begin_list(0);
    once.add_affine(0, 1, 5, {{0, 1, 5, 0, {}}});
    CHECK(worst_excess(c.lse, PlanCase(once.plan).truth().lse, 1e-3, 0) > 0); // and the second time matters
}

TEST_CASE("cpu: passes are merged as the mix says", "[engine]") {
    const Pattern two_branches = parse_pattern("dilated segments=32,64 rates=1,2").value();
    for (MixMode mix : {MixMode::softmax, MixMode::softmax_stopgrad, MixMode::mean, MixMode::none}) {
        HandPlan hand(problem_of(64, 64, 32), mix, 2);
        hand.begin_list(0);
        hand.add_affine(0, 1, 50, {{0, 1, 40, 0, {}}});
        hand.begin_list(1);
        hand.add_affine(20, 2, 22, {{1, 3, 20, 1, {}}});
        PlanCase c(hand.plan, two_branches);
        const PlanTruth first = c.truth(0), second = c.truth(1);
        PlanTruth merged = first;
        const Problem& p = hand.plan.problem;
        for (std::int64_t b = 0; b < p.batch; ++b)
            for (std::int64_t h = 0; h < p.heads; ++h)
                for (std::int64_t n = 0; n < p.seq_len; ++n) {
                    const auto row = std::size_t(lse_offset(p, b, h, n));
                    const double sum_first = std::exp(double(first.lse[row])),
                                 sum_second = std::exp(double(second.lse[row]));
                    merged.lse[row] = float(std::log(sum_first + sum_second));
                    for (auto index = std::size_t(query_offset(p, b, n, h)), end = index + 32; index < end; ++index) {
                        const double a = first.out[index], z = second.out[index];
                        double value = a + z;
                        if (mix == MixMode::mean) value /= 2;
                        if (is_joint_softmax(mix))
                            value = sum_first + sum_second > 0
                                        ? (a * sum_first + z * sum_second) / (sum_first + sum_second)
                                        : 0;
                        merged.out[index] = float(value);
                    }
                }
        INFO(enum_name(mix));
        c.check(merged);
    }
}

TEST_CASE("cpu: fkodom keeps the tolerance where its divisors are near zero", "[engine]") {
    AttentionCase c(parse_pattern("fkodom segments=32,64 rates=1,2").value(), self_attention(257, 4, 256, true), 9);
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    float largest = 0;
    for (float value : out) largest = std::max(largest, std::abs(value));
    REQUIRE(largest > 20); // the case does divide by small sums
    REQUIRE(cpu_backend().forward(c.call()));
    CHECK(worst_excess(c.out, out, tolerance, tolerance) <= 0);
    CHECK(worst_excess(c.lse, lse, tolerance, tolerance) <= 0);
}

TEST_CASE("cpu: the same bits from one thread and from several", "[engine]") {
    for (const char* text : {"dense", "longnet segments=64,256 rates=1,3", "seed segments=64,256 rates=1,3",
                             "fkodom segments=64,256 rates=1,3"})
        for (bool causal : {false, true}) {
            const int seq_len = std::string_view(text) == "dense" ? 1300 : 777; // enough for one thread to take 4 tiles
            AttentionCase c(parse_pattern(text).value(), self_attention(seq_len, 3, 40, causal), 5);
            const int threads = omp_get_max_threads();
            omp_set_num_threads(1);
            REQUIRE(cpu_backend().forward(c.call()));
            const std::vector<float> out = c.out, lse = c.lse;
            for (int count : {2, 5}) {
                omp_set_num_threads(count);
                REQUIRE(cpu_backend().forward(c.call()));
                CHECK(std::memcmp(out.data(), c.out.data(), out.size() * sizeof(float)) == 0);
                CHECK(std::memcmp(lse.data(), c.lse.data(), lse.size() * sizeof(float)) == 0);
            }
            omp_set_num_threads(threads);
        }
}

TEST_CASE("cpu: a cancelled call returns soon and says so", "[engine][slow]") {
    AttentionCase c(parse_pattern("dense").value(), self_attention(20000, 2, 64), 5); // seconds of work
    CancelFlag cancel = false;
    AttentionCall call = c.call();
    call.cancel = &cancel;
    std::thread canceller([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        cancel = true;
    });
    const auto start = std::chrono::steady_clock::now();
    const Result<void> result = cpu_backend().forward(call);
    canceller.join();
    REQUIRE_FALSE(result);
    CHECK(result.error().what.find("cancelled") != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - start <
          std::chrono::milliseconds(600)); // of some 2000; other programs may run
}

TEST_CASE("cpu: a key changes the rows that see it and not a bit of the others", "[engine]") {
    for (const char* text : {"dense", "window left=9 right=2", "longnet segments=16,64 rates=1,3"})
        for (float poison : {3.0f, 1e30f, std::numeric_limits<float>::quiet_NaN()})
            for (std::int64_t key : {0, 17, 90, 149}) {
                INFO(text << ", key " << key << " = " << poison);
                AttentionCase c(parse_pattern(text).value(), self_attention(150, 2, 24, true), 6);
                REQUIRE(cpu_backend().forward(c.call()));
                const std::vector<float> out = c.out;
                for (std::int64_t d = 0; d < 24; ++d)
                    for (std::int64_t h = 0; h < 2; ++h)
                        c.v[std::size_t(key_offset(c.problem, 0, key, h) + d)] = poison;
                for (std::int64_t h = 0; h < 2; ++h) c.k[std::size_t(key_offset(c.problem, 0, key, h))] = poison;
                REQUIRE(cpu_backend().forward(c.call()));
                for (std::int64_t n = 0; n < 150; ++n)
                    for (std::int64_t h = 0; h < 2; ++h) {
                        const auto row = std::size_t(query_offset(c.problem, 0, n, h));
                        const bool same = std::memcmp(&out[row], &c.out[row], 24 * sizeof(float)) == 0;
                        const bool sees = multiplicity(c.pattern, c.problem, h, n, key) > 0;
                        if (poison == 3.0f || std::isnan(poison) || !sees) REQUIRE(same != sees);
                    }
            }
}

TEST_CASE("cpu: NaN in q reaches the output instead of vanishing", "[engine]") {
    AttentionCase c(parse_pattern("dense").value(), self_attention(70, 1, 16), 7);
    c.q[16 * 33 + 5] = std::numeric_limits<float>::quiet_NaN();
    REQUIRE(cpu_backend().forward(c.call()));
    CHECK(std::isnan(c.out[16 * 33]));
    CHECK(std::isnan(c.lse[33]));
    CHECK_FALSE(std::isnan(c.out[16 * 32]));
}

TEST_CASE("cpu: scores of any size are exact where they are whole", "[engine]") {
    // In units of log2, growing from block to block, far from 0: up to 2²² they become weights in one way, beyond in
    // another. Rows of both kinds stand side by side.
    constexpr std::size_t keys = 400;
    for (const std::string& target : tile_kernel_targets())
        for (const float centre : {0.0f, 1000.0f, 4194300.0f, -4194301.0f, 5e6f, -5e6f, 1.3e7f, -1.3e7f})
            for (const std::int64_t rows : {3, 70}) {
                INFO(target << " " << rows << " rows, scores about " << centre);
                const ForcedTarget forced(target);
                Problem problem = self_attention(rows, 1, 16);
                problem.kv_len = keys, problem.scale = std::log(2.0);
                AttentionCase c(parse_pattern("dense").value(), problem, 9);
                std::ranges::fill(c.q, 0.0f), std::ranges::fill(c.k, 0.0f);
                for (std::size_t n = 0; n < std::size_t(rows); ++n)
                    c.q[n * 16] = std::array{1.0f, -1.0f, 0.5f, 0.0f}[n % 4];
                for (std::size_t m = 0; m < keys; ++m) c.k[m * 16] = centre + float(m / 40);
                REQUIRE(reference_backend().forward(c.call()));
                const std::vector<float> out = c.out, lse = c.lse;
                REQUIRE(cpu_backend().forward(c.call()));
                CHECK(worst_excess(c.out, out, tolerance, tolerance) <= 0);
                CHECK(worst_excess(c.lse, lse, tolerance, tolerance) <= 0);
            }
}

TEST_CASE("cpu: long rows do not drift", "[engine][slow]") {
    // Equal scores and values of 1 + small noise: the output is their mean, and every rounding would show.
    Problem problem = self_attention(64, 1, 64);
    problem.kv_len = 65536;
    AttentionCase c(parse_pattern("dense").value(), problem, 8);
    std::ranges::fill(c.q, 0.0f);
    double mean = 0;
    for (float& value : c.v) value = 1 + 0.01f * value;
    for (std::size_t m = 0; m < 65536; ++m) mean += double(c.v[m * 64 + 3]) / 65536;
    REQUIRE(cpu_backend().forward(c.call()));
    CHECK(std::abs(double(c.out[3]) - mean) < 1e-5);
    CHECK(std::abs(double(c.lse[0]) - std::log(65536.0)) < 1e-5);
}

TEST_CASE("cpu: an instruction set that is not there is an error with the ones that are", "[engine]") {
    const ForcedTarget forced("AVX9");
    CHECK_FALSE(cpu_backend().available());
    CHECK(cpu_backend().status().find("AVX9") != std::string::npos);
    AttentionCase c(parse_pattern("dense").value(), self_attention(7, 1, 8), 7);
    CHECK_FALSE(cpu_backend().forward(c.call()));
}

TEST_CASE("cpu: exp2 is within 2e-7 of the truth in every instruction set", "[engine]") {
    std::vector<float> x, y;
    for (double value = 0; value > -125.9; value -= 0.00037) x.push_back(float(value));
    y.resize(x.size());
    for (const std::string& target : tile_kernel_targets()) {
        const ForcedTarget forced(target);
        INFO(target);
        const TileKernel kernel = tile_kernel().value();
        CHECK(kernel.target() == target);
        kernel.exp2(x.data(), std::int64_t(x.size()), y.data());
        double worst = 0;
        for (std::size_t index = 0; index < x.size(); ++index)
            worst = std::max(worst, std::abs(double(y[index]) / std::exp2(double(x[index])) - 1));
        CHECK(worst < 2e-7);
        const float special[4] = {0, -127, -std::numeric_limits<float>::infinity(),
                                  std::numeric_limits<float>::quiet_NaN()};
        kernel.exp2(special, 4, y.data());
        CHECK(y[0] == 1); // exactly: a maximum that stays must not rescale
        CHECK(y[1] == 0);
        CHECK(y[2] == 0);
        CHECK(std::isnan(y[3]));
    }
}
