// LaunchPlan: the same rows and keys as the plan it was made from, pair by pair.
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/launch_plan.h"
#include "tests/catch.h"
#include "tests/engine/sweep.h"

using namespace dilascope;

namespace {

// How often each (head, query position, key token) pair stands somewhere: (H, M, M).
using PairCounts = std::vector<int>;

int& count_of(PairCounts& pairs, const Problem& problem, std::int64_t head, std::int64_t position, std::int64_t token) {
    REQUIRE_EACH((0 <= head && head < problem.heads));
    REQUIRE_EACH((0 <= position && position < problem.kv_len && 0 <= token && token < problem.kv_len));
    return pairs[std::size_t((head * problem.kv_len + position) * problem.kv_len + token)];
}

PairCounts no_pairs(const Problem& problem) {
    return PairCounts(std::size_t(problem.heads * problem.kv_len * problem.kv_len));
}

// Adds those of a launch.
void add_pairs(const LaunchPlan& launch, const Plan& plan, int rows, int keys_per_block, PairCounts& pairs) {
    const std::int32_t* tokens = permuted_tokens(plan);
    for (const LaunchItem& item : launch.items) {
        const LaunchTile& tile = launch.tiles[std::size_t(item.tile)];
        const std::int32_t count = std::min(tile.row_count - item.row_begin, rows);
        std::vector<std::int64_t> positions;
        for (std::int32_t row = 0; row < count; ++row)
            positions.push_back(item.row_shift + tile.row(item.row_begin + row, launch.row_offsets.data()));
        REQUIRE(std::ranges::is_sorted(positions));
        // As a block of threads does: each key of a block has its own place in the runs.
        std::vector<std::int32_t> places(std::size_t(keys_per_block), 0);
        for (std::int32_t number = 0; number < tile.key_count; ++number) {
            const KeySlot slot = key_slot(launch.runs.data() + tile.runs_begin, tile.run_count,
                                          places[std::size_t(number % keys_per_block)], number, item.key_shift,
                                          {tokens, tokens}, positions.data(), count);
            if (slot.place < 0) continue;
            if (number < tile.full_key_count) REQUIRE_EACH((slot.row_begin == 0 && slot.row_end == count));
            for (std::int32_t row = slot.row_begin; row < slot.row_end; ++row)
                ++count_of(pairs, plan.problem, item.head, positions[std::size_t(row)], slot.token);
        }
    }
}

// Whether the keys that key_line() gives for whole blocks are those of their slots, seen by all rows; counts the lines.
bool has_right_lines(const LaunchPlan& launch, const Plan& plan, int keys_per_block, int& lines) {
    const std::int32_t* tokens = permuted_tokens(plan);
    const std::int64_t row = 0;
    for (const LaunchItem& item : launch.items) {
        const LaunchTile& tile = launch.tiles[std::size_t(item.tile)];
        const LaunchRun* runs = launch.runs.data() + tile.runs_begin;
        std::int32_t run_of_line = 0, run_of_slot = 0;
        for (std::int32_t begin = 0; begin < tile.key_count; begin += keys_per_block) {
            const KeyLine line =
                key_line(runs, tile.run_count, run_of_line, begin, keys_per_block, item.key_shift, {tokens, tokens});
            if (line.stride == 0) continue;
            ++lines;
            if (begin + keys_per_block > tile.full_key_count) return false;
            for (int index = 0; index < keys_per_block; ++index) {
                const KeySlot slot = key_slot(runs, tile.run_count, run_of_slot, begin + index, item.key_shift,
                                              {tokens, tokens}, &row, 1);
                const std::int64_t key = line.key + std::int64_t(index) * line.stride;
                if (slot.place != key || slot.token != key) return false;
            }
        }
    }
    return true;
}

// The same from the pattern itself.
PairCounts pairs_of(const AttentionCase& c) {
    PairCounts pairs = no_pairs(c.problem);
    for (std::int64_t head = 0; head < c.problem.heads; ++head)
        for (std::int64_t query = 0; query < c.problem.seq_len; ++query)
            for (std::int64_t key = 0; key < c.problem.kv_len; ++key)
                count_of(pairs, c.problem, head, query_position(c.problem, query), key) =
                    multiplicity(c.pattern, c.problem, head, query, key);
    return pairs;
}

// Returns how many blocks of keys lie on a line.
int check_pairs(AttentionCase& c) {
    int lines = 0;
    if (c.problem.dtype != Dtype::f32) return 0; // shapes alone matter
    INFO(describe(c));
    const PairCounts truth = pairs_of(c);
    for (const int rows : {32, 64, 128}) {
        PairCounts pairs = no_pairs(c.problem);
        for (int pass = 0; pass < c.plan.pass_count; ++pass)
            add_pairs(launch_plan(c.plan, pass, rows).value(), c.plan, rows, 16, pairs);
        const bool is_same = pairs == truth; // not printed: there are thousands
        REQUIRE(is_same);
    }
    for (int pass = 0; pass < c.plan.pass_count; ++pass)
        REQUIRE(has_right_lines(launch_plan(c.plan, pass, 64).value(), c.plan, 8, lines));
    return lines;
}

} // namespace

TEST_CASE("a launch plan holds each pair as often as the pattern", "[cuda]") {
    int lines = 0;
    for_random_cases({50, 60, {1, 2, 17, 33, 64, 130}, {1}, 2e5}, [&](AttentionCase& c) { lines += check_pairs(c); });
    CHECK(lines > 100);
}

TEST_CASE("tall tiles ask for tall kernels", "[cuda]") {
    const auto rows = [](const char* pattern, std::int64_t seq_len) {
        return rows_wanted(make_plan(parse_pattern(pattern).value(), self_attention(seq_len, 2, 64)).value());
    };
    CHECK(rows("dense", 1024) == 128);
    CHECK(rows("local block=16 window=16", 1024) == 64);
    CHECK(rows("dense", 40) == 64);
}

TEST_CASE("offsets of tensors beyond 2^31 elements are right", "[cuda]") {
    Problem problem = self_attention(std::int64_t(1) << 24, 64, 128);
    problem.batch = 3, problem.kv_heads = 8, problem.kv_len += 1000;
    TensorShape shape{problem.seq_len, problem.kv_len, 64, 8, 128, 16};
    for (const std::int64_t query : {std::int64_t(0), problem.seq_len - 1})
        for (const std::int32_t head : {0, 63}) {
            const std::int64_t position = query_position(problem, query);
            CHECK(shape.query_row(2, position, head) == query_offset(problem, 2, query, head));
            CHECK(shape.lse_row(2, position, head) == lse_offset(problem, 2, head, query));
            CHECK(shape.key_row(2, position, head) == key_offset(problem, 2, position, kv_head(problem, head)));
        }
}
