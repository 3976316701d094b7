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
        {"dilated_offsets", "dilated segments=4,8 rates=2,4 phase=list offsets=3,0", 8, 8, 4, false},
        {"local", "local block=2 window=8", 15, 15, 1, false},
        {"global", "global block=2 tokens=3", 11, 11, 1, true},
        {"strided", "strided block=2 stride=3", 16, 16, 1, false},
        {"random", "random block=2 density=0.3 seed=7", 16, 16, 3, false},
        {"dilated_blocks", "dilated_blocks block=2 rates=2,4", 16, 16, 1, false},
        {"dilated_blocks_per_head", "dilated_blocks block=2 rates=1,3 per_head=true", 12, 12, 3, true},
        {"hierarchical", "hierarchical block=2 levels=2:8,8:16,16:all", 32, 32, 1, false},
        {"hierarchical_distributed", "hierarchical_distributed block=2 world_size=4 node_size=2", 32, 32, 2, false},
        {"hierarchical_legacy", "hierarchical_legacy block=2", 32, 32, 2, false},
        {"union", "local block=2 window=4 + global block=2 tokens=2 + random block=2 density=0.1", 17, 17, 2, true},
        {"mask", "mask file=diagonals block=2", 12, 12, 1, false},
        {"longer_keys_than_queries", "local block=4 window=8 + global block=4 tokens=4", 6, 21, 1, true},
    };
    return cases;
}

// Stands for a file: cells whose distance from the diagonal is a multiple of 3.
Result<std::shared_ptr<const BitMatrix>> diagonals(const std::string&) {
    auto bits = std::make_shared<BitMatrix>(6, 6);
    for (std::int64_t row = 0; row < 6; ++row)
        for (std::int64_t column = row % 3; column < 6; column += 3) bits->set(row, column);
    return bits;
}

// Rows of '.', '1', '2' … = how often each key counts; heads side by side.
std::string draw(const GoldenCase& golden) {
    set_mask_reader(diagonals);
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
