#include "engine/pattern/pattern_text.h"
#include "tests/contains.h"
#include "tests/engine/random_pattern.h"

using namespace dilascope;

TEST_CASE("the text form round-trips every pattern", "[pattern]") {
    std::mt19937_64 random(4);
    for (int trial = 0; trial < 500; ++trial) {
        Pattern pattern = random_ordered_pattern(random, 300, 8);
        if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind)) dilated->mix = MixMode(pick(random, 0, 4));
        const std::string text = to_text(pattern);
        const Result<Pattern> parsed = parse_pattern(text);
        REQUIRE(parsed);
        CHECK(*parsed == pattern);
        CHECK(to_text(*parsed) == text);
    }
}

TEST_CASE("a preset and its general form are one pattern with one text", "[pattern]") {
    const Pattern preset = parse_pattern("longnet segments=64,128 rates=1,2").value();
    const Pattern general =
        parse_pattern("dilated rates=1,2 segments=64,128 heads=all phase=head_mod mix=softmax").value();
    CHECK(preset == general);
    CHECK(to_text(general) == "longnet segments=64,128 rates=1,2");
    CHECK(std::get<Dilated>(parse_pattern("torchscale").value().kind).mix == MixMode::softmax_stopgrad);
    CHECK(std::get<Dilated>(parse_pattern("torchscale").value().kind).phase == PhaseMode::head_block);
    CHECK(std::get<Dilated>(parse_pattern("seed").value().kind).heads == HeadMode::partition);
    CHECK(std::get<Dilated>(parse_pattern("fkodom").value().kind).mix == MixMode::fkodom);
}

TEST_CASE("offsets of heads are a list of the general form, left out of every other text", "[pattern]") {
    const char* text = "dilated segments=8 rates=4 heads=all phase=list offsets=0,2 mix=softmax";
    const Pattern pattern = parse_pattern(text).value();
    CHECK(to_text(pattern) == text);
    for (std::int64_t head = 0; head < 4; ++head)
        CHECK(branch_view(std::get<Dilated>(pattern.kind), self_attention(8, 4, 8), head, 0).phase == head % 2 * 2);
    CHECK(to_text(parse_pattern("dilated phase=zero").value()) ==
          "dilated segments=2048,4096,8192 rates=1,2,4 heads=all phase=zero mix=softmax");
}

TEST_CASE("bad pattern text names the culprit and the mend", "[pattern]") {
    const auto error_of = [](const char* text) { return parse_pattern(text).error().what; };
    CHECK_THAT(error_of("longnt segments=1"), contains("unknown kind \"longnt\"; did you mean \"longnet\"?"));
    CHECK_THAT(error_of("longnet segmets=4"),
               contains("unknown key \"segmets\" of longnet; did you mean \"segments\"?"));
    CHECK_THAT(error_of("longnet offsets=1"), contains("longnet fixes offsets; use \"dilated"));
    CHECK_THAT(error_of("longnet mix=mean"), contains("longnet fixes mix; use \"dilated"));
    CHECK_THAT(error_of("dilated mix=men"), contains("mix is \"men\"; did you mean \"mean\"?"));
    CHECK_THAT(error_of("window left=12x"), contains("left has \"12x\"; expected a whole number"));
    CHECK_THAT(error_of("window left=99999999999999999999"), contains("expected a whole number below 2^63"));
    CHECK_THAT(error_of("window left=1 left=2"), contains("left is given twice"));
    CHECK_THAT(error_of("window left"), contains("not of the form key=value"));
    CHECK_THAT(error_of("dense left=1"), contains("dense takes no keys"));
    CHECK_THAT(error_of("longnet segments="), contains("segments has \"\""));
    CHECK_THAT(error_of("  "), contains("it is empty"));
}

TEST_CASE("patterns that do not fit their problem are refused with the reason", "[pattern]") {
    const auto error_of = [](const char* text, const Problem& problem) {
        return validate(parse_pattern(text).value(), problem).error().what;
    };
    const Problem problem = self_attention(64, 2, 8);
    CHECK_THAT(error_of("longnet segments=64 rates=1,2", problem), contains("1 segments but 2 rates"));
    CHECK_THAT(error_of("longnet segments=4 rates=8", problem),
               contains("rates[0] is 8, larger than its segment length 4"));
    CHECK_THAT(error_of("longnet segments=0 rates=1", problem), contains("segments[0] is 0"));
    CHECK_THAT(error_of("seed segments=8,16,32 rates=1,2,4", problem), contains("splits 2 heads over 3 branches"));
    CHECK_THAT(error_of("dilated segments=8 rates=4 phase=list", problem), contains("phase=list without offsets"));
    CHECK_THAT(error_of("dilated segments=8 rates=4 phase=list offsets=0,1,2", problem),
               contains("3 offsets for 2 heads; give one for each head, or a list whose length divides the heads"));
    CHECK_THAT(error_of("dilated segments=8 rates=4 phase=list offsets=0,-1", problem), contains("offsets[1] is -1"));
    CHECK_THAT(error_of("dilated segments=8 rates=4 offsets=0,1", problem), contains("phase=head_mod does not read"));
    CHECK_THAT(error_of("window left=-1", problem), contains("left is -1"));
    CHECK_THAT(error_of("dense", self_attention(0, 1, 8)), contains("seq_len is 0; expected 1"));
    Problem grouped = self_attention(8, 12, 8);
    grouped.kv_heads = 5;
    CHECK_THAT(error_of("dense", grouped), contains("kv_heads is 5, which does not divide heads 12"));
    Problem shorter = self_attention(8, 1, 8);
    shorter.kv_len = 7;
    CHECK_THAT(error_of("dense", shorter), contains("kv_len is 7, shorter than seq_len 8"));
}
