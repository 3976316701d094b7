// The reference against cases solved by hand and against the papers' own formulas.
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"

using namespace dilascope;

TEST_CASE("a huge one-hot query picks exactly one value", "[reference]") {
    AttentionCase c({Dense{}}, self_attention(4, 1, 4), 1);
    std::ranges::fill(c.q, 0.f), std::ranges::fill(c.k, 0.f);
    for (std::size_t n = 0; n < 4; ++n) c.q[n * 4 + (n + 1) % 4] = 1e4f, c.k[n * 4 + n] = 1.f;
    REQUIRE(reference_backend().forward(c.call()));
    for (std::size_t n = 0; n < 4; ++n)
        for (std::size_t d = 0; d < 4; ++d) CHECK(c.out[n * 4 + d] == c.v[((n + 1) % 4) * 4 + d]);
}

TEST_CASE("equal scores average the values, a key of two branches twice", "[reference]") {
    // Row 0 of `segments=2,4 rates=1,2`, head 0: branch 0 sees keys 0, 1; branch 1 sees keys 0, 2. Key 0 counts twice.
    AttentionCase c(parse_pattern("longnet segments=2,4 rates=1,2").value(), self_attention(4, 1, 1), 2);
    std::ranges::fill(c.q, 0.f);
    c.v = {8, 4, 2, 1};
    REQUIRE(reference_backend().forward(c.call()));
    CHECK(c.out[0] == Approx((8 + 4 + 8 + 2) / 4.0));
    CHECK(c.lse[0] == Approx(std::log(4.0)));
    CHECK(c.out[1] == Approx(6)); // odd rows only see their own segment of branch 0
    CHECK(c.out[3] == Approx(1.5));
}

TEST_CASE("torchscale's phases by hand: H=2, r=2, N=4", "[reference]") {
    // head_block: head 0 keeps the even tokens, head 1 the odd ones; the others are uncovered.
    AttentionCase c(parse_pattern("torchscale segments=4 rates=2").value(), self_attention(4, 2, 1), 3);
    std::ranges::fill(c.q, 0.f);
    c.v = {1, 10, 2, 20, 3, 30, 4, 40}; // (token, head)
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> expected = {2, 0, 0, 30,
                                         2, 0, 0, 30}; // head 0: (1+3)/2 at tokens 0, 2; head 1: (20+40)/2 at 1, 3
    for (std::size_t index = 0; index < 8; ++index) CHECK(c.out[index] == Approx(expected[index]));
    CHECK(c.lse[1] == -std::numeric_limits<float>::infinity());
}

TEST_CASE("one softmax over the multiset is LongNet's mixture by denominators", "[reference]") {
    const Dilated together{{8, 16, 32}, {1, 2, 4}, HeadMode::all, PhaseMode::head_mod, MixMode::softmax};
    const Problem problem = self_attention(32, 4, 8, true);
    AttentionCase joint({together}, problem, 4);
    REQUIRE(reference_backend().forward(joint.call()));
    std::vector<AttentionCase> parts;
    for (std::size_t branch = 0; branch < 3; ++branch) {
        Dilated alone = together;
        alone.segment_lengths = {together.segment_lengths[branch]},
        alone.dilation_rates = {together.dilation_rates[branch]};
        parts.emplace_back(Pattern{alone}, problem, 4);
        REQUIRE(reference_backend().forward(parts.back().call()));
    }
    for (std::int64_t head = 0; head < 4; ++head)
        for (std::int64_t query = 0; query < 32; ++query) {
            const auto at = std::size_t(query_offset(problem, 0, query, head)),
                       row = std::size_t(lse_offset(problem, 0, head, query));
            double total = 0;
            for (const AttentionCase& part : parts) total += std::exp(double(part.lse[row]));
            for (std::size_t d = 0; d < 8; ++d) {
                double mixed = 0;
                for (const AttentionCase& part : parts)
                    mixed += std::exp(double(part.lse[row])) / total * double(part.out[at + d]);
                CHECK(double(joint.out[at + d]) == Approx(mixed).margin(1e-6));
            }
            CHECK(double(joint.lse[row]) == Approx(std::log(total)).margin(1e-5));
        }
}

TEST_CASE("seed's mean over disjoint head groups is a factor 1/G", "[reference]") {
    const Problem problem = self_attention(16, 3, 4);
    AttentionCase mean(parse_pattern("seed segments=4,8,16 rates=1,2,4").value(), problem, 5);
    AttentionCase sum(
        parse_pattern("dilated segments=4,8,16 rates=1,2,4 heads=partition phase=group_mod mix=none").value(), problem,
        5);
    REQUIRE(reference_backend().forward(mean.call()));
    REQUIRE(reference_backend().forward(sum.call()));
    for (std::size_t index = 0; index < mean.out.size(); ++index)
        CHECK(mean.out[index] * 3 == Approx(sum.out[index]).margin(1e-6));
}

TEST_CASE("sampled rows are the rows of the whole", "[reference]") {
    for (const char* text :
         {"longnet segments=8,32 rates=1,3", "fkodom segments=8,16 rates=1,2", "window left=3 right=2"}) {
        Problem problem = self_attention(29, 4, 8);
        problem.batch = 2, problem.kv_heads = 2;
        AttentionCase c(parse_pattern(text).value(), problem, 6);
        REQUIRE(reference_backend().forward(c.call()));
        const std::vector<float> out = c.out, lse = c.lse;
        const std::vector<RowIndex> rows = {{0, 0, 0}, {1, 3, 28}, {1, 2, 7}};
        std::vector<double> sampled(rows.size() * 8), sampled_lse(rows.size());
        REQUIRE(reference_rows(c.call(), rows, sampled.data(), sampled_lse.data()));
        for (std::size_t index = 0; index < rows.size(); ++index) {
            CHECK(float(sampled_lse[index]) ==
                  lse[std::size_t(lse_offset(problem, rows[index].batch, rows[index].head, rows[index].query))]);
            const auto at = std::size_t(query_offset(problem, rows[index].batch, rows[index].query, rows[index].head));
            for (std::size_t d = 0; d < 8; ++d) CHECK(float(sampled[index * 8 + d]) == out[at + d]);
        }
    }
}
