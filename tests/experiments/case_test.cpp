// Cases: their engine problem, one spelling, one hash.
#include "experiments/case.h"
#include "tests/catch.h"
#include "tests/contains.h"

using namespace dilascope;

TEST_CASE("a case becomes a problem", "[experiments]") {
    Case config;
    config.seq_len = 100, config.heads = 6, config.kv_heads = 2, config.head_dim = 32, config.causal = true;
    const Problem problem = problem_of(config).value();
    CHECK(problem.kv_len == 100);
    CHECK(problem.kv_heads == 2);
    CHECK(problem.causal);
    config.kv_heads = 0, config.kv_len = 130;
    CHECK(problem_of(config).value().kv_heads == 6);
    CHECK(problem_of(config).value().kv_len == 130);
}

TEST_CASE("what a case cannot be is said with the field's name", "[experiments]") {
    const auto error = [](auto change) {
        Case config;
        change(config);
        const Result<void> result = validate(config);
        return result ? std::string() : result.error().what;
    };
    CHECK(error([](Case&) {}) == "");
    CHECK_THAT(error([](Case& c) { c.seq_len = 0; }), contains("seq_len is 0"));
    CHECK_THAT(error([](Case& c) { c.kv_heads = 3; }), contains("kv_heads is 3") && contains("heads 8"));
    CHECK_THAT(error([](Case& c) { c.dtype = "fp16"; }), contains("dtype is \"fp16\"") && contains("f16"));
    CHECK_THAT(error([](Case& c) { c.dtype = "f64"; }), contains("dtype is \"f64\""));
    CHECK_THAT(error([](Case& c) { c.direction = "foward"; }), contains("forward"));
    CHECK_THAT(error([](Case& c) { c.pattern = "longnt"; }), contains("longnet"));
    CHECK_THAT(error([](Case& c) { c.pattern = "longnet segments=4 rates=8"; }), contains("8"));
    CHECK_THAT(error([](Case& c) { c.seq_len = std::int64_t{1} << 30; }), contains("counted exactly"));
    CHECK_THAT(error([](Case& c) { c.seq_len = 1 << 20, c.batch = 1 << 20, c.heads = 4096, c.head_dim = 256; }),
               contains("bytes"));
}

TEST_CASE("a hash depends on what is computed, not on how it is spelt", "[experiments]") {
    const Case plain;
    Case same = plain;
    same.pattern = "  dense ";
    same.kv_len = same.seq_len;
    same.kv_heads = same.heads;
    CHECK(case_hash(same) == case_hash(plain));
    CHECK(case_hash(plain).size() == 16);
    CHECK(canonical(same) == plain);

    Case from_file = plain, other_seed = plain;
    from_file.input = "a.npz", other_seed.seed = 7;
    CHECK(case_hash(other_seed) != case_hash(plain));
    Case from_file_other_seed = from_file;
    from_file_other_seed.seed = 7; // a file has no seed
    CHECK(case_hash(from_file_other_seed) == case_hash(from_file));

    // Every field counts.
    int field_count = 0;
    Case::visit(plain, [&](const Field& field, const auto&) {
        Case changed = plain;
        Case::visit(changed, [&](const Field& other, auto& member) {
            if (std::string_view(field.name) != other.name) return;
            using Member = std::remove_cvref_t<decltype(member)>;
            if constexpr (std::is_same_v<Member, bool>)
                member = !member;
            else if constexpr (std::is_same_v<Member, std::int64_t>)
                member += 2;
            else
                member += "x";
        });
        INFO(field.name);
        CHECK(case_hash(changed) != case_hash(plain));
        ++field_count;
    });
    CHECK(field_count >= 14);
}

TEST_CASE("the hash of a case never changes by accident", "[experiments]") {
    // Stores keep these: a change here orphans every stored run. Adding a field does change it, and must say so.
    CHECK(case_hash(Case{}) == "a1a63b35e52afa1b");
}

TEST_CASE("bytes of a call", "[experiments]") {
    const Problem problem = self_attention(10, 2, 4);
    CHECK(call_bytes(problem) == 4 * (4 * 10 * 2 * 4 + 2 * 10)); // q, k, v, out and lse
}

TEST_CASE("counts of all heads add up the heads", "[experiments]") {
    Case config;
    config.pattern = "longnet segments=16,64 rates=1,3";
    config.seq_len = 100, config.heads = 5;
    const Problem problem = problem_of(config).value();
    const Pattern pattern = pattern_of(config).value();
    std::int64_t active = 0, multiple = 0;
    for (std::int64_t head = 0; head < problem.heads; ++head)
        for (std::int64_t q = 0; q < problem.seq_len; ++q)
            for (std::int64_t k = 0; k < problem.kv_len; ++k) {
                const int times = multiplicity(pattern, problem, head, q, k);
                active += times > 0, multiple += times;
            }
    CHECK(count_all_heads(pattern, problem, {Count::active_pairs}) == active);
    CHECK(count_all_heads(pattern, problem, {Count::multiplicity}) == multiple);
    CHECK(multiple > active);
}
