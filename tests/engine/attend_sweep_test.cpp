// The oracle sweep: every backend against the float64 reference over random patterns and awkward shapes.
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"

using namespace dilascope;

// f32: 1e-5 absolute and relative; sums of up to 1024 terms of size 1 in f32 lose less than that.
static constexpr double tolerance = 1e-5;

static std::string describe(const AttentionCase& c) {
    const Problem& p = c.problem;
    return to_text(c.pattern) + " B" + std::to_string(p.batch) + " N" + std::to_string(p.seq_len) + " M" +
           std::to_string(p.kv_len) + " H" + std::to_string(p.heads) + " G" + std::to_string(p.kv_heads) + " D" +
           std::to_string(p.head_dim) + (p.causal ? " causal" : "");
}

static void check_against_reference(AttentionCase& c, double out_tolerance = tolerance) {
    INFO(describe(c));
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    for (Backend* backend : backends()) {
        if (backend == &reference_backend() || !backend->available() ||
            !backend->choose(c.problem, c.pattern).supported())
            continue;
        INFO(backend->name());
        REQUIRE(backend->forward(c.call()));
        REQUIRE(worst_excess(c.out, out, out_tolerance, tolerance) <= 0);
        REQUIRE(worst_excess(c.lse, lse, tolerance, tolerance) <= 0);
    }
}

// Random case `index`; mixes take turns so that every preset and mode is seen.
static void sweep(std::uint64_t seed, int cases, const std::vector<std::int64_t>& lengths,
                  const std::vector<std::int64_t>& widths) {
    std::mt19937_64 random(seed);
    for (int done = 0; done < cases;) {
        Problem problem = random_problem(random, lengths);
        problem.head_dim = pick_of(random, widths);
        while (double(query_elements(problem)) * double(problem.kv_len) > 4e8 && problem.heads > 1)
            problem.heads = problem.kv_heads = 1;
        if (double(query_elements(problem)) * double(problem.kv_len) > 4e8) problem.batch = 1;
        Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind)) {
            dilated->mix =
                MixMode(pick(random, 0, 3)); // fkodom divides by sums that can be near zero: its own test below
        }
        if (!validate(pattern, problem)) continue;
        AttentionCase c(pattern, problem, seed + std::uint64_t(done) * 3);
        check_against_reference(c);
        ++done;
    }
}

static const std::vector<std::int64_t> all_widths = {1, 3, 8, 32, 64, 80, 128, 256};

TEST_CASE("every backend equals the reference on short sequences", "[attend]") {
    sweep(10, 60, {1, 2, 3, 5, 17, 63, 64, 65, 127}, all_widths);
}

TEST_CASE("every backend equals the reference on many short sequences", "[attend][slow]") {
    sweep(12, 300, {1, 2, 3, 5, 17, 63, 64, 65, 127}, all_widths);
}

TEST_CASE("every backend equals the reference on long sequences", "[attend][slow]") {
    sweep(11, 120, {127, 509, 1024}, all_widths);
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
        INFO(describe(c));
        const std::int64_t key = pick(random, 0, problem.kv_len - 1);
        for (Backend* backend : backends()) {
            if (!backend->available() || !backend->choose(problem, pattern).supported()) continue;
            INFO(backend->name());
            REQUIRE(backend->forward(c.call()));
            const std::vector<float> before = c.out;
            const std::vector<float> k = c.k, v = c.v;
            for (std::int64_t at = key_offset(problem, 0, key, 0); at < key_offset(problem, 0, key + 1, 0); ++at)
                c.k[std::size_t(at)] += 0.5f, c.v[std::size_t(at)] += 3;
            REQUIRE(backend->forward(c.call()));
            for (std::int64_t head = 0; head < problem.heads; ++head)
                for (std::int64_t query = 0; query < problem.seq_len; ++query) {
                    const auto at = std::size_t(query_offset(problem, 0, query, head));
                    const bool changed =
                        !std::equal(before.begin() + std::ptrdiff_t(at), before.begin() + std::ptrdiff_t(at) + 16,
                                    c.out.begin() + std::ptrdiff_t(at));
                    REQUIRE(changed == (branches(pattern, problem, head, query, key) != 0));
                }
            c.k = k, c.v = v;
        }
    }
}
