// The three uses of an order: layout and schedule change no bit of the result, sequence is another pattern.
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"

using namespace dilascope;

namespace {

Pattern with_order(const char* text, const char* order) { return parse_pattern(std::string(text) + order).value(); }

const std::vector<const char*> ordered_texts = {
    "dense", "window left=40 right=9", "longnet segments=32,64,160 rates=1,2,5",
    "local block=16 window=64 + random block=16 density=0.2", "strided block=7"};

} // namespace

TEST_CASE("an order used as layout or schedule leaves every bit of the output", "[order]") {
    for (const char* text : ordered_texts)
        for (const char* use : {"layout", "schedule"})
            for (const char* curve : {"snake", "hilbert"})
                for (bool causal : {false, true}) {
                    Problem problem = self_attention(151, 2, 16, causal);
                    problem.kv_len = 170;
                    const std::string order = std::string(" order=") + curve + " use=" + use;
                    INFO(text << order << " causal " << causal);
                    AttentionCase plain(parse_pattern(text).value(), problem, 5);
                    AttentionCase ordered(with_order(text, order.c_str()), problem, 5);
                    for (Backend* backend : backends()) {
                        if (!backend->available() || !backend->choose(problem, ordered.pattern).supported()) continue;
                        REQUIRE(backend->forward(plain.call()));
                        REQUIRE(backend->forward(ordered.call()));
                        REQUIRE(plain.out == ordered.out);
                        REQUIRE(plain.lse == ordered.lse);
                    }
                }
}

TEST_CASE("an order used as sequence attends the pairs of the ranks", "[order]") {
    const Problem problem = self_attention(120, 4, 8), causal = self_attention(120, 4, 8, true);
    for (const char* text : ordered_texts) {
        const Pattern plain = parse_pattern(text).value(), ordered = with_order(text, " order=hilbert grid=13x11");
        INFO(text);
        bool differs = false;
        for (std::int64_t a = 0; a < 120; ++a)
            for (std::int64_t b = 0; b < 120; ++b) {
                const std::int64_t q = token_at(ordered.order, 120, a), k = token_at(ordered.order, 120, b);
                const BranchSet ranks = branches(plain, problem, 1, a, b);
                REQUIRE_EACH(branches(ordered, problem, 1, q, k) == ranks);
                REQUIRE_EACH(branches(ordered, causal, 1, q, k) == (k <= q ? ranks : 0));
                differs |= branches(plain, problem, 1, a, b) != branches(ordered, problem, 1, a, b);
            }
        CHECK(differs == (std::string(text) != "dense"));
    }
}

TEST_CASE("a grid that cannot hold the keys is refused with one that can", "[order]") {
    const Pattern pattern = with_order("dense", " order=hilbert grid=4x4");
    CHECK(validate(pattern, self_attention(16, 1, 8)));
    CHECK(validate(pattern, self_attention(17, 1, 8)).error().what.find("4x4") != std::string::npos);
}
