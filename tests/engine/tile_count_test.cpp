// Tile counts against the predicate, asked for every pair of every tile.
#include "engine/pattern/pattern_text.h"
#include "engine/plan/tile_count.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"
#include <chrono>

using namespace dilascope;

static TileCounts brute_force(const Pattern& pattern, const Problem& problem, std::int64_t head, TileSize size) {
    TileCounts counts;
    for (std::int64_t row = 0; row < problem.seq_len; row += size.rows)
        for (std::int64_t column = 0; column < problem.kv_len; column += size.columns) {
            const std::int64_t q_end = std::min(row + size.rows, problem.seq_len);
            const std::int64_t k_end = std::min(column + size.columns, problem.kv_len);
            if (problem.causal && column > query_position(problem, q_end - 1)) continue;
            std::int64_t active = 0;
            for (std::int64_t q = row; q < q_end; ++q)
                for (std::int64_t k = column; k < k_end; ++k) active += branches(pattern, problem, head, q, k) != 0;
            if (active == 0)
                ++counts.empty;
            else if (active == (q_end - row) * (k_end - column))
                ++counts.full;
            else
                ++counts.partial;
        }
    return counts;
}

static std::string text_of(const TileCounts& counts) {
    return std::to_string(counts.full) + " full, " + std::to_string(counts.partial) + " partial, " +
           std::to_string(counts.empty) + " empty";
}

static void check_equal(const Pattern& pattern, const Problem& problem, std::int64_t head, TileSize size) {
    const auto counts = count_tiles(pattern, problem, head, size);
    INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len << " causal " << problem.causal
                          << " head " << head << " tiles " << size.rows << " × " << size.columns);
    REQUIRE(counts);
    CHECK(text_of(*counts) == text_of(brute_force(pattern, problem, head, size)));
}

TEST_CASE("tiles of random patterns equal brute force", "[tiles]") {
    std::mt19937_64 random(41);
    for (int trial = 0; trial < 700; ++trial) {
        const Problem problem = random_problem(random, {1, 2, 5, 17, 64, 127, 200, 256});
        const Pattern pattern = random_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        const std::vector<std::int64_t> sizes = {1, 2, 3, 7, 16, 17, 32, 64, 100, 128, 300};
        check_equal(pattern, problem, pick(random, 0, problem.heads - 1),
                    {pick_of(random, sizes), pick_of(random, sizes)});
    }
}

TEST_CASE("tiles of longer patterns equal brute force", "[tiles]") {
    std::mt19937_64 random(42);
    for (int trial = 0; trial < 12; ++trial) {
        const Problem problem = random_problem(random, {511, 512, 600});
        const Pattern pattern = random_pattern(random, 128, problem.heads); // several periods
        if (!validate(pattern, problem)) continue;
        check_equal(pattern, problem, pick(random, 0, problem.heads - 1),
                    {std::int64_t{1} << pick(random, 3, 7), std::int64_t{1} << pick(random, 3, 7)});
    }
}

TEST_CASE("tiles that dilated classes fill together are full", "[tiles]") {
    // Every query is in a class of some rate, so nothing but counting tells which of the small tiles are full.
    Dilated dilated;
    dilated.segment_lengths = {12, 12, 12, 7}, dilated.dilation_rates = {2, 3, 1, 2};
    for (const PhaseMode phase : {PhaseMode::head_mod, PhaseMode::group_mod, PhaseMode::zero}) {
        dilated.phase = phase;
        for (const bool causal : {false, true})
            for (std::int64_t head = 0; head < 3; ++head)
                for (const TileSize size : {TileSize{1, 1}, {1, 2}, {2, 1}, {2, 2}, {4, 3}, {12, 12}})
                    check_equal({dilated}, self_attention(40, 3, 8, causal), head, size);
    }
}

TEST_CASE("tiles along a curve equal brute force", "[tiles]") {
    for (const char* text : {"longnet segments=16,64 rates=1,4 order=hilbert grid=10x13 use=sequence",
                             "window left=9 right=0 order=morton grid=10x13 use=sequence"}) {
        const auto pattern = parse_pattern(text);
        INFO(text << ": " << (pattern ? "" : pattern.error().what));
        REQUIRE(pattern);
        for (const bool causal : {false, true})
            for (const TileSize size : {TileSize{16, 16}, {8, 32}, {7, 5}})
                check_equal(*pattern, self_attention(130, 2, 8, causal), 1, size);
    }
}

TEST_CASE("tiles of all heads add up the heads", "[tiles]") {
    std::mt19937_64 random(43);
    for (int trial = 0; trial < 20; ++trial) {
        const Problem problem = random_problem(random, {64, 127});
        const Pattern pattern = random_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        TileCounts sum;
        for (std::int64_t head = 0; head < problem.heads; ++head)
            sum += count_tiles(pattern, problem, head, {16, 32}).value();
        INFO(to_text(pattern));
        CHECK(count_tiles_all_heads(pattern, problem, {16, 32}).value() == sum);
    }
}

TEST_CASE("tile counts stop when cancelled and refuse sizes that are none", "[tiles]") {
    const std::atomic<bool> cancel = true;
    const Problem problem = self_attention(1 << 20, 1, 64);
    CHECK_FALSE(count_tiles({Dense{}}, problem, 0, {16, 16}, &cancel));
    CHECK_FALSE(count_tiles({Dense{}}, problem, 0, {0, 16}));
}

TEST_CASE("LongNet's table at a million tokens: tiles in well under a frame", "[tiles][slow]") {
    const Pattern pattern = parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12").value();
    for (const bool causal : {false, true}) {
        const Problem problem = self_attention(1 << 20, 12, 64, causal);
        double best_ms = 1e9;
        TileCounts counts;
        for (int attempt = 0; attempt < 5; ++attempt) { // a busy machine gets a second chance
            const auto start = std::chrono::steady_clock::now();
            counts = count_tiles_all_heads(pattern, problem, {128, 128}).value();
            const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
            best_ms = std::min(best_ms, took.count());
        }
        INFO("causal " << causal << ": " << best_ms << " ms, " << text_of(counts));
        CHECK(best_ms < 16);
        // 32 periods of 256 × 256 tiles, all of them touched; without dilation 16 × 16 of each 2048 are full.
        if (!causal) CHECK(counts.active() == 12 * 32 * 256 * 256);
        if (!causal) CHECK(counts.full == 12 * 512 * 16 * 16);
        CHECK(counts.allowed() == 12 * (causal ? std::int64_t{8192} * 8193 / 2 : std::int64_t{8192} * 8192));
    }
}
