// The cpu kernels that multiply bf16 tensors in pairs. Here they may be emulated: layouts, odd counts and masks are the
// same as where the CPU has the instruction.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/tile_kernel.h"
#include "tests/catch.h"
#include "tests/engine/forced_target.h"
#include "tests/engine/sweep.h"
#include <cstring>

using namespace dilascope;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

void make_bf16(AttentionCase& c) { c.problem.dtype = c.plan.problem.dtype = Dtype::bf16; }

void check_targets(AttentionCase& c) {
    make_bf16(c);
    INFO(describe(c));
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    const Tolerance tolerance = tolerance_of(Dtype::bf16, c.dropout);
    for (const std::string& target : pair_dot_targets()) {
        INFO(target);
        const ForcedTarget forced(target);
        REQUIRE(has(cpu_backend().choose(c.problem, c.pattern, Direction::forward).kernel, pair_dot_suffix));
        REQUIRE(cpu_backend().forward(c.call()));
        REQUIRE(worst_excess(c.out, out, tolerance.out, tolerance.out) <= 0);
        REQUIRE(worst_excess(c.lse, lse, tolerance.lse, tolerance.lse) <= 0);
    }
}

AttentionCase case_of(const char* pattern, Problem problem, std::uint64_t seed = 5) {
    problem.dtype = Dtype::bf16;
    return {parse_pattern(pattern).value(), problem, seed};
}

bool same_bits(const std::vector<float>& one, const std::vector<float>& other, std::int64_t first, std::int64_t count) {
    return std::memcmp(one.data() + first, other.data() + first, std::size_t(count) * sizeof(float)) == 0;
}

const std::vector<std::int64_t> even_widths = {2, 8, 32, 64, 80, 130, 256};

} // namespace

TEST_CASE("cpu pairs: equal the reference on random patterns and shapes", "[engine]") {
    for_random_cases({31, 20, {1, 2, 3, 5, 17, 63, 64, 65, 127}, even_widths, 2e6}, check_targets);
}

TEST_CASE("cpu pairs: equal the reference on many patterns and shapes", "[engine][slow]") {
    for_random_cases({32, 150, {1, 2, 3, 17, 65, 127, 509, 1024}, even_widths}, check_targets);
}

TEST_CASE("cpu pairs: odd counts of keys, banded spans that begin at odd keys, scales", "[engine]") {
    for (const char* pattern : {"dense", "window left=7 right=4", "longnet segments=15,49 rates=1,3"})
        for (const double scale : {0.0, 0.7})
            for (const std::int64_t kv_len : {131, 193, 417}) {
                Problem problem = self_attention(131, 2, 10, true);
                problem.kv_len = kv_len, problem.scale = scale;
                AttentionCase c = case_of(pattern, problem);
                check_targets(c);
            }
}

TEST_CASE("cpu pairs: only where the CPU has the instruction, or forced", "[engine]") {
    const Problem problem = case_of("dense", self_attention(9, 1, 8)).problem;
    const Pattern dense = parse_pattern("dense").value();
    const auto choice = [&](std::int64_t head_dim, Direction direction = Direction::forward) {
        Problem asked = problem;
        asked.head_dim = head_dim;
        return cpu_backend().choose(asked, dense, direction);
    };
    CHECK(has(choice(8).kernel, pair_dot_suffix) == has_pair_dot_instruction());
    if (!has_pair_dot_instruction()) CHECK(has(choice(8).reason, "no bf16 dot products"));
    const ForcedTarget forced(pair_dot_targets().front());
    CHECK(has(choice(8).kernel, pair_dot_suffix));
    CHECK_FALSE(has(choice(7).kernel, pair_dot_suffix));
    CHECK(has(choice(7).reason, "odd head_dim"));
    CHECK_FALSE(has(choice(8, Direction::backward).kernel, pair_dot_suffix));
}

TEST_CASE("cpu pairs: weights are rounded, so the bits are not those of f32 arithmetic", "[engine]") {
    AttentionCase c = case_of("dense", self_attention(70, 1, 16));
    const auto out_of = [&](const std::string& target) {
        const ForcedTarget forced(target);
        REQUIRE(cpu_backend().forward(c.call()));
        return c.out;
    };
    const std::string target = pair_dot_targets().front();
    const std::vector<float> pairs = out_of(target);
    CHECK(pairs != out_of(target.substr(0, target.size() - pair_dot_suffix.size())));
}

TEST_CASE("cpu pairs: a key changes the rows that see it and not a bit of the others", "[engine]") {
    const ForcedTarget forced(pair_dot_targets().front());
    for (const char* text : {"dense", "window left=9 right=2", "longnet segments=16,64 rates=1,3"})
        for (const float poison :
             {3.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
            for (const std::int64_t key : {0, 17, 90, 149}) {
                INFO(text << ", key " << key << " = " << poison);
                AttentionCase c = case_of(text, self_attention(150, 2, 24, true), 6);
                REQUIRE(cpu_backend().forward(c.call()));
                const std::vector<float> out = c.out;
                for (std::int64_t at = key_offset(c.problem, 0, key, 0); at < key_offset(c.problem, 0, key + 1, 0);
                     ++at)
                    c.v[std::size_t(at)] = poison;
                REQUIRE(cpu_backend().forward(c.call()));
                for (std::int64_t n = 0; n < 150; ++n)
                    for (std::int64_t h = 0; h < 2; ++h) {
                        const bool same = same_bits(out, c.out, query_offset(c.problem, 0, n, h), 24);
                        REQUIRE(same != (multiplicity(c.pattern, c.problem, h, n, key) > 0));
                    }
            }
}

TEST_CASE("cpu pairs: gradients after them equal the reference", "[engine]") {
    AttentionCase c = case_of("longnet segments=32,128 rates=1,3", self_attention(260, 3, 24, true));
    REQUIRE(reference_backend().forward(c.call()));
    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
    const ForcedTarget forced(pair_dot_targets().front());
    REQUIRE(cpu_backend().forward(c.call()));
    REQUIRE(cpu_backend().backward(c.gradient_call()));
    const double tolerance = tolerance_of(Dtype::bf16).gradient;
    CHECK(worst_gradient_excess(c.dq, dq, tolerance) <= 0);
    CHECK(worst_gradient_excess(c.dk, dk, tolerance) <= 0);
    CHECK(worst_gradient_excess(c.dv, dv, tolerance) <= 0);
}

TEST_CASE("cpu pairs: an infinite query beside any number stays infinite", "[engine]") {
    // As one float the pair (x, ∞) is a signalling NaN, which arithmetic on it would turn into another number.
    AttentionCase c = case_of("dense", self_attention(1, 1, 2));
    c.q = {1.0f, std::numeric_limits<float>::infinity()}, c.k = {1.0f, -0.5f}, c.v = {2.0f, 3.0f};
    const ForcedTarget forced(pair_dot_targets().front());
    REQUIRE(cpu_backend().forward(c.call()));
    CHECK(c.lse[0] == -std::numeric_limits<float>::infinity());
}

TEST_CASE("cpu pairs: tensors may begin at any even address", "[engine]") {
    AttentionCase c = case_of("dense", self_attention(65, 2, 14));
    const ForcedTarget forced(pair_dot_targets().front());
    AttentionCall call = c.call();
    REQUIRE(cpu_backend().forward(call));
    const std::vector<float> out = c.out;
    std::vector<std::byte> shifted[3];
    const void** tensors[3] = {&call.q, &call.k, &call.v};
    for (int index = 0; index < 3; ++index) {
        shifted[index].resize(c.q.size() * 2 + 2);
        std::memcpy(shifted[index].data() + 2, *tensors[index], c.q.size() * 2);
        *tensors[index] = shifted[index].data() + 2;
    }
    REQUIRE(cpu_backend().forward(call));
    CHECK(out == c.out);
}
