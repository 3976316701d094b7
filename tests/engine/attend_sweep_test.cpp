// The oracle sweep: every backend against the float64 reference over random patterns and awkward shapes.
#include "tests/engine/key_perturbation.h"

using namespace dilascope;

static void check_against_reference(AttentionCase& c) {
    const std::vector<Backend*> able = rivals(c, Direction::forward);
    if (able.empty()) return;
    INFO(describe(c));
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    const Tolerance tolerance = tolerance_of(c.problem.dtype, c.dropout);
    for (Backend* backend : able) {
        INFO(backend->name());
        REQUIRE(backend->forward(c.call()));
        REQUIRE(worst_excess(c.out, out, tolerance.out, tolerance.out) <= 0);
        REQUIRE(worst_excess(c.lse, lse, tolerance.lse, tolerance.lse) <= 0);
    }
}

TEST_CASE("every backend equals the reference on short sequences", "[attend]") {
    for_random_cases({10, 40, {1, 2, 3, 5, 17, 63, 64, 65, 127}, all_widths, 1e7}, check_against_reference);
}

TEST_CASE("every backend equals the reference on many short sequences", "[attend][slow]") {
    for_random_cases({12, 300, {1, 2, 3, 5, 17, 63, 64, 65, 127}}, check_against_reference);
}

TEST_CASE("every backend equals the reference on long sequences", "[attend][slow]") {
    for_random_cases({11, 120, {127, 509, 1024}}, check_against_reference);
}

TEST_CASE("every preset equals the reference", "[attend]") {
    for (const char* name :
         {"longnet", "torchscale", "seed", "dilated heads=partition_legacy mix=none phase=group_mod"})
        for (bool causal : {false, true}) {
            const Pattern pattern = parse_pattern(std::string(name) + " segments=16,48,96 rates=1,3,5").value();
            AttentionCase c(pattern, self_attention(101, 6, 32, causal), 12);
            check_against_reference(c);
        }
}

TEST_CASE("fkodom's normalisation equals the reference", "[attend]") {
    // Its denominators Σ_n x can be close to zero, so errors scale with 1/denominator; positive values keep them away
    // from it.
    const Pattern pattern = parse_pattern("fkodom segments=16,48 rates=1,3").value();
    AttentionCase c(pattern, self_attention(97, 5, 16), 13);
    for (float& value : c.v) value = std::abs(value) + 0.5f;
    check_against_reference(c);
}

TEST_CASE("a key inside a row's pattern changes the row, a key outside never does", "[attend][slow]") {
    std::mt19937_64 random(14);
    for (int trial = 0; trial < 60; ++trial) {
        Problem problem = random_problem(random, {5, 17, 64, 130});
        problem.head_dim = 16, problem.batch = 1;
        Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        AttentionCase c(pattern, problem, 15 + std::uint64_t(trial));
        const std::int64_t key = pick(random, 0, problem.kv_len - 1);
        for (Backend* backend : backends())
            if (backend->available() && backend->choose(problem, pattern).supported())
                check_changed_key(c, *backend, key);
    }
}
