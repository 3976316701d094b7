// Golden masks: the predicate of every kind and preset drawn as readable text. UPDATE_GOLDEN=1 rewrites them; review
// the diff. To add a pattern: one line in golden_cases() and its file under golden/.
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include <cstdlib>
#include <fstream>
#include <sstream>

using namespace dilascope;

namespace {

struct GoldenCase {
    const char* file;
    const char* pattern;
    std::int64_t seq_len, kv_len, heads;
    bool causal;
};

const std::vector<GoldenCase>& golden_cases() {
    static const std::vector<GoldenCase> cases = {
        {"dense", "dense", 6, 6, 1, false},
        {"dense_causal_longer_keys", "dense", 4, 7, 1, true},
        {"window", "window left=3 right=1", 10, 10, 1, false},
        {"longnet", "longnet segments=4,8,16 rates=1,2,4", 16, 16, 4, false},
        {"longnet_ragged_causal", "longnet segments=5,12 rates=2,5", 19, 19, 3, true},
        {"torchscale", "torchscale segments=4,8 rates=1,2", 8, 8, 4, false},
        {"seed", "seed segments=4,8,16 rates=1,2,4", 16, 16, 5, false},
        {"fkodom", "fkodom segments=4,8 rates=1,2", 16, 16, 3, false},
        {"dilated", "dilated segments=4,8 rates=1,2 heads=partition_legacy phase=zero mix=none", 12, 12, 3, false},
    };
    return cases;
}

// Rows of '.', '1', '2' … = how often each key counts; heads side by side.
std::string draw(const GoldenCase& golden) {
    const Pattern pattern = parse_pattern(golden.pattern).value();
    Problem problem = self_attention(golden.seq_len, golden.heads, 8, golden.causal);
    problem.kv_len = golden.kv_len;
    REQUIRE(validate(pattern, problem));
    std::ostringstream text;
    text << golden.pattern << (golden.causal ? " (causal)" : "") << ", N=" << golden.seq_len << " M=" << golden.kv_len
         << " H=" << golden.heads << "\n";
    for (std::int64_t q = 0; q < problem.seq_len; ++q) {
        for (std::int64_t head = 0; head < problem.heads; ++head) {
            text << (head > 0 ? "  " : "");
            for (std::int64_t k = 0; k < problem.kv_len; ++k) {
                const int times = multiplicity(pattern, problem, head, q, k);
                text << (times == 0 ? '.' : char('0' + times));
            }
        }
        text << "\n";
    }
    return text.str();
}

} // namespace

TEST_CASE("golden masks", "[golden]") {
    for (const GoldenCase& golden : golden_cases()) {
        const std::string path = std::string(DILASCOPE_SOURCE_DIR "/tests/engine/golden/") + golden.file + ".txt";
        const std::string drawn = draw(golden);
        if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << drawn;
        std::ifstream file(path);
        std::stringstream stored;
        stored << file.rdbuf();
        INFO(path);
        CHECK(stored.str() == drawn);
    }
}

TEST_CASE("every kind and preset has a golden mask", "[golden]") {
    for (const Preset& preset : presets()) {
        INFO(preset.name << ": add a line to golden_cases()");
        CHECK(std::ranges::any_of(golden_cases(), [&](const GoldenCase& golden) {
            return std::string(golden.pattern).substr(0, std::string(golden.pattern).find(' ')) == preset.name;
        }));
    }
}
