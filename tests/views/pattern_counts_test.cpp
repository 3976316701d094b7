#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "views/inspector_view.h"
#include "views/pattern_counts.h"
#include <bit>

using namespace dilascope;

static CountsRequest request_of(const char* text, std::int64_t tokens, bool causal) {
    CountsRequest request;
    request.pattern = *parse_pattern(text);
    request.problem = self_attention(tokens, 3, 8, causal);
    request.head = 1;
    return request;
}

TEST_CASE("counts of the card are those of the predicate", "[views]") {
    for (const char* text :
         {"longnet segments=8,16,32 rates=1,2,4", "seed segments=8,32 rates=2,4", "window left=3 right=0", "dense"})
        for (const bool causal : {false, true}) {
            const CountsRequest request = request_of(text, 61, causal);
            std::int64_t active = 0, multiplicity = 0, all = 0, most = 0, empty = 0;
            for (std::int64_t head = 0; head < 3; ++head)
                for (std::int64_t q = 0; q < 61; ++q) {
                    std::int64_t keys = 0;
                    for (std::int64_t k = 0; k < 61; ++k) {
                        const BranchSet set = branches(request.pattern, request.problem, head, q, k);
                        keys += set != 0;
                        if (head == 1) multiplicity += dilascope::multiplicity(request.pattern, set);
                    }
                    all += keys;
                    if (head != 1) continue;
                    active += keys;
                    most = std::max(most, keys);
                    empty += keys == 0;
                }
            INFO(text << (causal ? " causal" : ""));
            const PatternCounts counts = count_pattern(request);
            CHECK(counts.active_pairs == active);
            CHECK(counts.multiplicity == multiplicity);
            CHECK(counts.all_active_pairs == all);
            CHECK(counts.allowed_pairs == (causal ? 61 * 62 / 2 : 61 * 61));
            CHECK(counts.ideal_speedup() == Approx(double(counts.allowed_pairs) / double(active)));
            const RowCounts rows = scan_rows(request, false);
            CHECK(rows.is_complete);
            CHECK(rows.keys_max == most);
            CHECK(rows.empty_queries == empty);
        }
}

TEST_CASE("a cancelled scan says so", "[views]") {
    CHECK_FALSE(scan_rows(request_of("dense", 100, false), true).is_complete);
}

TEST_CASE("the cost card has exact integers, units and a remark on queries without keys", "[views]") {
    const CountsRequest request = request_of("longnet segments=64 rates=4", 4096, false);
    const PatternCounts counts = count_pattern(request);
    const RowCounts rows = scan_rows(request, false);
    const std::vector<CardRow> card = count_rows(counts, &rows);
    CHECK(card[0].value == "16\u2009384"); // 64 segments × 16 × 16
    CHECK(card[0].unit == "pairs");
    bool found = false;
    for (const CardRow& row : card)
        if (row.label == "queries without keys") {
            found = true;
            CHECK(row.value == "3\u2009072");
            CHECK(row.tone == CardRow::warning);
        }
    CHECK(found);
    CHECK(count_rows(counts, nullptr).size() == card.size() - 2);
}

TEST_CASE("the time card names time, throughput and verdict", "[views]") {
    LiveResult live;
    live.backend = "cpu";
    live.verdict = "wrong: row 3";
    CHECK(time_rows(live).size() == 2);
    CHECK(time_rows(live)[0].tone == CardRow::bad);
    live.verdict = "ok";
    live.times_ms = {3, 2, 4};
    live.time_ms_median = 3;
    live.gflop_per_s = 120;
    const std::vector<CardRow> rows = time_rows(live);
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].value == "3.000");
    CHECK(rows[0].unit == "ms");
    CHECK(rows[1].value.find("2.000") == 0);
    CHECK(rows[3].tone == CardRow::good);
}
