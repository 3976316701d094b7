// Single rows of the reference's gradient: those of the whole.
#include "engine/backends/reference.h"
#include "engine/backends/reference_gradient.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"

using namespace dilascope;

TEST_CASE("single rows of the reference's gradient are those of the whole", "[engine]") {
    for (const char* text : {"dense", "longnet segments=8,32 rates=1,3", "seed segments=8,32 rates=1,2"}) {
        Problem problem = self_attention(45, 4, 6, true);
        problem.kv_heads = 2, problem.batch = 2, problem.kv_len = 50;
        AttentionCase c(parse_pattern(text).value(), problem, 51);
        c.dropout = {0.2, 9};
        REQUIRE(reference_backend().forward(c.call()));
        const GradientCall call = c.gradient_call();
        REQUIRE(reference_gradient(call));
        const auto check = [&](std::span<const double> found, const std::vector<float>& whole, std::int64_t offset) {
            for (std::size_t d = 0; d < found.size(); ++d)
                CHECK(found[d] == Approx(whole[std::size_t(offset) + d]).margin(2e-6));
        };
        const RowIndex rows[] = {{0, 0, 0}, {1, 3, 44}, {1, 2, 17}};
        std::vector<double> dq(18), dk(18), dv(18);
        reference_gradient_rows(call, rows, dq.data());
        for (std::size_t row = 0; row < 3; ++row)
            check(std::span(dq).subspan(row * 6, 6), c.dq,
                  query_offset(c.problem, rows[row].batch, rows[row].query, rows[row].head));
        if (mix_mode(c.pattern) != MixMode::softmax) continue;
        const KeyIndex keys[] = {{0, 0, 0}, {1, 1, 49}, {0, 1, 20}};
        reference_gradient_keys(call, keys, dk.data(), dv.data());
        for (std::size_t key = 0; key < 3; ++key) {
            const std::int64_t offset = key_offset(c.problem, keys[key].batch, keys[key].key, keys[key].kv_head);
            check(std::span(dk).subspan(key * 6, 6), c.dk, offset);
            check(std::span(dv).subspan(key * 6, 6), c.dv, offset);
        }
    }
}
