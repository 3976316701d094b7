#include "engine/backends/cpu/key_block.h"
#include "tests/catch.h"
#include <map>
#include <numeric>
#include <set>
#include <vector>

using namespace dilascope;

TEST_CASE("key feed: every visible pair once, whatever the block limits", "[engine]") {
    std::vector<std::int64_t> rows = {100, 101, 103, 200, 201, 202, 203, 500};
    const std::vector<KeyRun> runs = {{0, 1, 250, 0, {}},
                                      {90, 3, 100, 1, {-20, 40}},
                                      {7, 2, 5, 0, {}},
                                      {400, 1, 300, 2, {-Band::open, 0}},
                                      {0, 1, 50, 2, {1, Band::open}}};
    KeyFeed feed(runs, 10, rows);
    KeyBlock block;
    std::map<std::pair<std::int64_t, std::int64_t>, int> seen;
    bool banded_seen = false;
    int blocks = 0;
    while (feed.next(block)) {
        ++blocks;
        CHECK(!(banded_seen && !block.is_banded)); // banded blocks come last
        banded_seen |= block.is_banded;
        for (int key = 0; key < block.count; ++key) {
            const auto slot = std::size_t(key);
            const int begin = block.is_banded ? block.row_begin[slot] : 0,
                      end = block.is_banded ? block.row_end[slot] : int(rows.size());
            CHECK(begin < end);
            for (int row = begin; row < end; ++row) ++seen[{rows[std::size_t(row)], block.places[slot]}];
        }
    }
    std::map<std::pair<std::int64_t, std::int64_t>, int> expected;
    for (std::int64_t row : rows)
        for (const KeyRun& run : runs)
            for (std::int64_t index = 0; index < run.count; ++index)
                if (run.band.contains(run.key(index) + 10 - row)) ++expected[{row, run.key(index) + 10}];
    CHECK(seen == expected);
    CHECK(blocks == 3); // 255 keys that all rows see in two, the keys of three banded runs together in one
}

TEST_CASE("key feed: no runs, or none visible, gives no block", "[engine]") {
    const std::vector<std::int64_t> rows = {5};
    KeyBlock block;
    CHECK_FALSE(KeyFeed({}, 0, rows).next(block));
    const std::vector<KeyRun> hidden = {{6, 1, 3, 0, {-Band::open, 0}}};
    CHECK_FALSE(KeyFeed(hidden, 0, rows).next(block));
}

TEST_CASE("key feed: whole runs make blocks of their own, short ones and ends of long ones share", "[engine]") {
    const std::vector<std::int64_t> rows = {1000};
    const auto counts = [&](std::vector<std::int32_t> lengths, int most) {
        std::vector<KeyRun> runs;
        for (const std::int32_t length : lengths) runs.push_back({std::int64_t(runs.size()) * 300, 1, length, 0, {}});
        KeyFeed feed(runs, 0, rows);
        std::vector<int> blocks;
        for (KeyBlock block; feed.next_whole_runs(block, most);) blocks.push_back(block.count);
        return blocks;
    };
    using Counts = std::vector<int>;
    CHECK(counts({64, 64, 64}, 192) == Counts{64, 64, 64});
    CHECK(counts({200, 64}, 192) == Counts{192, 72}); // what is left of the first is too short
    CHECK(counts({40, 16, 16, 16, 100, 180}, 192) == Counts{40, 148, 180});
    CHECK(counts({16, 16, 16, 190, 10}, 192) == Counts{48, 190, 10});
    CHECK(counts({16, 16, 16, 250}, 192) == Counts{192, 106}); // cut in any case
    CHECK(counts({10, 190}, 192) == Counts{192, 8});           // no block of ten keys
}
