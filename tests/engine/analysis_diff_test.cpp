// The difference of two patterns against the predicate, asked for every pair.
#include "engine/analysis/diff.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/analysis_case.h"

using namespace dilascope;

static void compare_random_patterns(std::uint64_t seed, int trials) {
    std::mt19937_64 random(seed);
    int compared = 0;
    for (int trial = 0; trial < trials; ++trial) {
        const Problem problem = random_problem(random, {1, 2, 17, 64, 130});
        const Pattern a = random_ordered_pattern(random, problem.kv_len, problem.heads);
        const Pattern b = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (!validate(a, problem) || !validate(b, problem)) continue;
        const std::int64_t head = pick(random, 0, problem.heads - 1);
        PatternDiff expected;
        for (std::int64_t q = 0; q < problem.seq_len; ++q)
            for (std::int64_t k = 0; k < problem.kv_len; ++k) {
                const bool in_a = branches(a, problem, head, q, k) != 0, in_b = branches(b, problem, head, q, k) != 0;
                expected.only_a += in_a && !in_b;
                expected.only_b += in_b && !in_a;
                expected.both += in_a && in_b;
            }
        INFO(to_text(a) << " | " << to_text(b) << " N " << problem.seq_len << " M " << problem.kv_len << " causal "
                        << problem.causal);
        const Plan plan_a = make_plan(a, problem).value(), plan_b = make_plan(b, problem).value();
        REQUIRE(pattern_diff(plan_a, plan_b, head).value() == expected);
        ++compared;
    }
    CHECK(compared > trials / 2);
}

TEST_CASE("the difference of two random patterns is exact", "[analysis]") { compare_random_patterns(71, 30); }
TEST_CASE("the difference of many random patterns is exact", "[analysis][slow]") { compare_random_patterns(72, 400); }

TEST_CASE("two LongNet tables at a million tokens are compared in well under a second", "[analysis]") {
    const Problem problem = self_attention(1 << 20, 12, 64, true);
    const Plan a =
        make_plan(parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12").value(), problem)
            .value();
    const Plan b = make_plan(parse_pattern("longnet segments=2048,8192,32768 rates=1,4,16").value(), problem).value();
    const PatternDiff diff = pattern_diff(a, b, 3).value();
    CHECK(diff.both > 0);
    CHECK(pattern_diff(a, a, 3).value().jaccard() == 1.0);
    CHECK(pattern_diff(b, a, 3).value().only_a == diff.only_b);
}

TEST_CASE("patterns of different problems are not compared", "[analysis]") {
    const Plan a = make_plan({Dense{}}, self_attention(8, 1, 8)).value(),
               b = make_plan({Dense{}}, self_attention(9, 1, 8)).value();
    CHECK_THAT(pattern_diff(a, b, 0).error().what, contains("A is for 8 × 8 tokens, B for 9 × 9"));
}
