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

TEST_CASE("key block: visible and seen_by_all agree with every pair, ordered or not", "[engine]") {
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < 100; ++row) rows.push_back(1000 + row + row / 7);
    const std::vector<KeyRun> window = {{900, 1, 210, 0, {-40, 9}}},
                              causal = {{900, 1, 150, 0, {-Band::open, 0}}, {903, 3, 60, 1, {-Band::open, 0}}};
    const std::vector<KeyRun> mixed = {{980, 1, 130, 0, {-5, 5}}, {1000, 2, 50, 1, {-Band::open, 20}}};
    const auto check = [&](const std::vector<KeyRun>& runs) {
        KeyFeed feed(runs, 0, rows);
        int ordered = 0, exempt = 0; // blocks; keys that need no mask
        for (KeyBlock block; feed.next(block, 96);) {
            ordered += block.is_ordered;
            for (int row = 0; row < int(rows.size()); row += 16) {
                const int count = std::min(16, int(rows.size()) - row);
                const KeySpan keys = block.visible(row, count), whole = block.seen_by_all(keys, row, count);
                REQUIRE((0 <= keys.begin && keys.begin <= whole.begin && whole.begin <= whole.end));
                REQUIRE((whole.end <= keys.end && keys.end <= block.count));
                exempt += whole.count();
                for (int key = 0; key < block.count; ++key) {
                    const int begin = block.row_begin[std::size_t(key)], end = block.row_end[std::size_t(key)];
                    const bool is_seen = begin < row + count && row < end, by_all = begin <= row && row + count <= end;
                    if (is_seen) CHECK((keys.begin <= key && key < keys.end));
                    if (whole.begin <= key && key < whole.end) CHECK(by_all);
                    if (by_all && block.is_ordered) CHECK((whole.begin <= key && key < whole.end));
                }
            }
        }
        return std::pair{ordered, exempt};
    };
    const auto [window_ordered, window_exempt] = check(window);
    const auto [causal_ordered, causal_exempt] = check(causal);
    CHECK(window_ordered == 2);
    CHECK(causal_ordered == 3); // of two runs, sorted
    CHECK(window_exempt > 0);
    CHECK(causal_exempt > 0);
    CHECK(check(mixed).first < 2); // bands of two widths cross each other
}

TEST_CASE("key feed: banded runs make blocks of their own too", "[engine]") {
    std::vector<std::int64_t> rows(128);
    std::iota(rows.begin(), rows.end(), 1000);
    const std::vector<KeyRun> window = {
        {744, 1, 127, 0, {-256, 0}}, {871, 1, 129, 0, {}}, {1000, 1, 128, 0, {-256, 0}}};
    KeyFeed feed(window, 0, rows);
    std::vector<std::pair<std::int64_t, int>> blocks; // first key, keys
    for (KeyBlock block; feed.next_whole_runs(block, 192);) {
        blocks.push_back({block.places[0], block.count});
        for (int key = 1; key < block.count; ++key)
            CHECK(block.places[std::size_t(key)] == block.places[std::size_t(key - 1)] + 1);
    }
    CHECK(blocks == std::vector<std::pair<std::int64_t, int>>{{871, 129}, {744, 127}, {1000, 128}});
}
