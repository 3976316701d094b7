// Conditions of [[exclude]]: what they mean, and what they refuse.
#include "experiments/exclude.h"
#include "tests/catch.h"
#include "tests/contains.h"

using namespace dilascope;

static bool holds(const std::string& text, const Case& config = {}) {
    INFO(text);
    const auto condition = Condition::parse(text);
    if (!condition) FAIL(condition.error().what);
    return condition->holds(config);
}

TEST_CASE("conditions compare fields", "[experiments]") {
    Case config;
    config.seq_len = 4096, config.heads = 8, config.causal = true, config.dtype = "bf16";
    config.pattern = "longnet segments=64,128 rates=1,2";
    CHECK(holds("seq_len == 4096", config));
    CHECK(holds("seq_len >= 4096 and seq_len <= 4096", config));
    CHECK_FALSE(holds("seq_len > 4096 or heads < 8", config));
    CHECK(holds("4095 < seq_len", config));
    CHECK(holds("seq_len != 4e9", config));
    CHECK(holds("head_dim > -1", config));
    CHECK(holds("causal", config));
    CHECK_FALSE(holds("not causal", config));
    CHECK(holds("causal == true and causal != false", config));
    CHECK(holds("dtype == \"bf16\"", config));
    CHECK(holds("dtype == 'bf16'", config));
    CHECK(holds("pattern == 'longnet  rates=1,2 segments=64,128'", config)); // canonical text decides
    CHECK_FALSE(holds("pattern == 'dense'", config));
    // or binds weaker than and; parentheses and not
    CHECK(holds("true or true and false"));
    CHECK_FALSE(holds("(true or true) and false"));
    CHECK(holds("not false and true"));
    CHECK_FALSE(holds("not (false or true)"));
    CHECK(holds("not not true"));
}

TEST_CASE("conditions that mean nothing are refused with the column", "[experiments]") {
    const auto error = [](const std::string& text) {
        const auto condition = Condition::parse(text);
        return condition ? "accepted" : condition.error().what;
    };
    CHECK_THAT(error("sequence_len > 5"), contains("column 1") && contains("did you mean \"seq_len\""));
    CHECK_THAT(error("heads > 8 and seqlen > 5"), contains("column 15"));
    CHECK_THAT(error("seq_len > \"big\""), contains("column 9") && contains("a number with text"));
    CHECK_THAT(error("seq_len"), contains("expected a comparison"));
    CHECK_THAT(error("causal > false"), contains("cannot order"));
    CHECK_THAT(error("seq_len > 5 heads"), contains("column 13"));
    CHECK_THAT(error("(seq_len > 5"), contains("\")\""));
    CHECK_THAT(error("dtype == \"f16"), contains("not closed"));
    CHECK_THAT(error("seq_len > 5x"), contains("right after a number"));
    CHECK_THAT(error("seq_len > -"), contains("expected a number"));
    CHECK_THAT(error("pattern == 'longnt'"), contains("column 12") && contains("longnet"));
    CHECK_THAT(error(""), contains("column 1"));
    CHECK_THAT(error("and"), contains("\"and\""));
    CHECK_THAT(error(std::string(300, '(')), contains("nested deeper"));
    CHECK_THAT(error(std::string(100'000, ' ')), contains("characters"));
    std::string nots;
    for (int index = 0; index < 300; ++index) nots += "not ";
    CHECK_THAT(error(nots + "true"), contains("nested deeper"));
}
