// Holes against the predicate, asked for every pair; planted ones are found.
#include "engine/analysis/holes.h"
#include "engine/analysis/read_keys.h"
#include "engine/analysis/row_gap.h"
#include "tests/catch.h"
#include "tests/engine/analysis_case.h"
#include "tests/engine/plan_truth.h"
#include <chrono>
#include <cstdlib>

using namespace dilascope;

namespace {

// What find_holes must say, from a table of which query reads which key.
struct HolesTruth {
    std::vector<std::vector<bool>> reads; // [q][k]
    Holes holes;
    std::int64_t widest = 0;

    static HoleSet missing(const std::vector<bool>& present) {
        HoleSet set;
        for (std::size_t token = 0; token < present.size();) {
            std::size_t end = token;
            while (end < present.size() && !present[end]) ++end;
            if (end > token) {
                set.ranges.push_back({std::int64_t(token), std::int64_t(end)});
                set.count += set.ranges.back().size();
                if (set.ranges.back().size() > set.longest.size()) set.longest = set.ranges.back();
            }
            token = end + 1;
        }
        return set;
    }

    HolesTruth(const Problem& p, std::vector<std::vector<bool>> table) : reads(std::move(table)) {
        std::vector<bool> reading(reads.size()), not_self(reads.size(), true), read(std::size_t(p.kv_len)),
            distances(std::size_t(p.kv_len));
        for (std::int64_t q = 0; q < p.seq_len; ++q) {
            std::int64_t previous = -1, keys = 0;
            for (std::int64_t k = 0; k < p.kv_len; ++k) {
                if (!reads[std::size_t(q)][std::size_t(k)]) continue;
                reading[std::size_t(q)] = read[std::size_t(k)] = true, ++keys;
                if (const std::int64_t d = query_position(p, q) - k; d >= 0) distances[std::size_t(d)] = true;
                if (previous >= 0) widest = std::max(widest, k - previous);
                previous = k;
            }
            not_self[std::size_t(q)] = keys != 1 || previous != query_position(p, q);
        }
        holes.queries_without_key = missing(reading), holes.keys_never_read = missing(read);
        holes.distances = missing(distances), holes.queries_of_self = missing(not_self);
        while (p.causal && holes.start.end < p.seq_len &&
               (!reading[std::size_t(holes.start.end)] || !not_self[std::size_t(holes.start.end)]))
            ++holes.start.end;
    }

    bool has_gap(const KeyGap& gap) const {
        if (gap.size() != widest) return false;
        if (widest == 0) return gap.query == -1;
        const auto& row = reads[std::size_t(gap.query)];
        if (!row[std::size_t(gap.from)] || !row[std::size_t(gap.to)]) return false;
        for (std::int64_t k = gap.from + 1; k < gap.to; ++k)
            if (row[std::size_t(k)]) return false;
        return true;
    }
};

void check(const Plan& plan, std::int64_t head, const HolesTruth& truth) {
    const Holes found = find_holes(plan, head, 1000).value();
    REQUIRE(found.queries_without_key == truth.holes.queries_without_key);
    REQUIRE(found.keys_never_read == truth.holes.keys_never_read);
    REQUIRE(found.queries_of_self == truth.holes.queries_of_self);
    REQUIRE(found.distances == truth.holes.distances);
    REQUIRE(found.start == truth.holes.start);
    INFO("gap of query " << found.widest_gap.query << ": " << found.widest_gap.from << " … " << found.widest_gap.to
                         << ", widest " << truth.widest);
    REQUIRE(truth.has_gap(found.widest_gap));
}

} // namespace

TEST_CASE("holes equal the predicate's", "[analysis]") {
    std::mt19937_64 random(51);
    int with_holes = 0;
    const int seen = for_each_random_case(random, [&](const AnalysisCase& c, std::int64_t head) {
        const Problem& p = c.problem();
        INFO("head " << head);
        std::vector<std::vector<bool>> reads(std::size_t(p.seq_len), std::vector<bool>(std::size_t(p.kv_len)));
        for (std::int64_t q = 0; q < p.seq_len; ++q)
            for (std::int64_t k = 0; k < p.kv_len; ++k)
                reads[std::size_t(q)][std::size_t(k)] = c.multiplicity_of(head, q, k) > 0;
        const HolesTruth truth(p, std::move(reads));
        with_holes += truth.holes.queries_without_key.count > 0;
        check(c.plan, head, truth);
    });
    REQUIRE(seen > 100);
    REQUIRE(with_holes > 15);
}

TEST_CASE("holes planted in a plan are found, no others", "[analysis]") {
    std::mt19937_64 random(52);
    for (int trial = 0; trial < 100; ++trial) {
        // Single-row tiles over single keys, so that any table is a plan: a dense table with rows, columns, distances
        // and pairs taken out.
        Problem p = self_attention(pick(random, 2, 60), 1, 8, pick(random, 0, 1) == 1);
        const std::int64_t row = pick(random, 0, p.seq_len - 1), column = pick(random, 0, p.kv_len - 1);
        const std::int64_t distance = pick(random, 0, p.seq_len - 1), lonely = pick(random, 0, 12);
        std::vector<std::vector<bool>> reads(std::size_t(p.seq_len), std::vector<bool>(std::size_t(p.kv_len)));
        HandPlan hand(p);
        hand.begin_list(0);
        for (std::int64_t q = 0; q < p.seq_len; ++q) {
            std::vector<KeyRun> runs;
            for (std::int64_t k = 0; k < p.kv_len; ++k) {
                if (q == row || k == column || q - k == distance || (p.causal && k > q)) continue;
                if ((q < lonely && k != q) || random() % 5 == 0) continue;
                reads[std::size_t(q)][std::size_t(k)] = true;
                runs.push_back({k, 1, 1, 0, {}});
            }
            if (!runs.empty()) hand.add_affine(q, 1, 1, runs);
        }
        const HolesTruth truth(p, std::move(reads));
        REQUIRE(truth.holes.queries_without_key.count > 0);
        REQUIRE(truth.holes.keys_never_read.count > 0);
        REQUIRE(truth.holes.distances.count > 0);
        check(hand.plan, 0, truth);
    }
}

TEST_CASE("the widest gap of overlapping runs equals looking at every key", "[analysis]") {
    std::mt19937_64 random(53);
    GapFinder finder;
    for (int trial = 0; trial < 3000; ++trial) {
        std::vector<WeightedRun> runs;
        std::vector<bool> keys(400);
        for (std::int64_t count = pick(random, 1, 4); count > 0; --count) {
            runs.push_back({pick(random, 0, 60), pick(random, 1, 12), pick(random, 1, 28), 1, {}});
            for (std::int64_t key = runs.back().first; key <= runs.back().last(); key += runs.back().stride)
                keys[std::size_t(key)] = true;
        }
        std::int64_t previous = -1, widest = 0;
        for (std::int64_t key = 0; key < 400; ++key) {
            if (!keys[std::size_t(key)]) continue;
            if (previous >= 0) widest = std::max(widest, key - previous);
            previous = key;
        }
        const RunGap gap = finder.find(runs, 0);
        REQUIRE(gap.size() == widest);
        REQUIRE(finder.find(runs, widest).size() == 0);
        if (widest == 0) continue;
        REQUIRE((keys[std::size_t(gap.from)] && keys[std::size_t(gap.to)]));
        for (std::int64_t key = gap.from + 1; key < gap.to; ++key) REQUIRE_EACH(!keys[std::size_t(key)]);
        REQUIRE(finder.find(runs, widest - 1).size() == widest);
    }
}

TEST_CASE("the keys that a set of queries reads equal the predicate's", "[analysis]") {
    std::mt19937_64 random(54);
    for (int trial = 0; trial < 300; ++trial) {
        Problem p = self_attention(pick(random, 1, 200), 1, 8, pick(random, 0, 3) > 0);
        if (trial % 4 == 0) p.kv_len += pick(random, 0, 30);
        Dilated dilated = random_dilated(random, 20, 1); // short segments: tiles with many repeats
        for (std::int64_t& length : dilated.segment_lengths) length = std::min<std::int64_t>(length, 40);
        for (std::size_t b = 0; b < dilated.segment_lengths.size(); ++b)
            dilated.dilation_rates[b] = std::min(dilated.dilation_rates[b], dilated.segment_lengths[b]);
        const AnalysisCase c{Pattern{dilated}, make_plan(Pattern{dilated}, p).value()};
        INFO(c.text());
        TokenSet queries(p.seq_len), keys(p.kv_len), expected(p.kv_len);
        const std::int64_t share = pick(random, 1, 6), all_from = pick(random, 0, p.seq_len);
        for (std::int64_t q = 0; q < p.seq_len; ++q)
            if (q >= all_from || pick(random, 0, share) == 0) queries.insert(q);
        queries.for_each([&](std::int64_t q) {
            for (std::int64_t k = 0; k < p.kv_len; ++k)
                if (c.multiplicity_of(0, q, k) > 0) expected.insert(k);
        });
        const std::int64_t head = 0;
        REQUIRE(insert_read_keys(HeadTiles(c.plan, {&head, 1}), &queries, keys, nullptr));
        REQUIRE(keys == expected);
    }
}

TEST_CASE("as many hole ranges as asked for", "[analysis]") {
    // One branch of rate 4 with phase 0: queries and keys that are no multiple of 4 are holes.
    const AnalysisCase c = analysis_case("dilated segments=64 rates=4 phase=zero", self_attention(256, 1, 8));
    const Holes holes = find_holes(c.plan, 0, 3).value();
    REQUIRE(holes.queries_without_key.count == 192);
    REQUIRE(holes.queries_without_key.ranges == std::vector<Range>{{1, 4}, {5, 8}, {9, 12}});
    REQUIRE(holes.queries_without_key.longest == Range{1, 4});
    REQUIRE(holes.keys_never_read == holes.queries_without_key);
    REQUIRE(holes.widest_gap.size() == 4);
    REQUIRE(holes.distances.longest == Range{61, 256});
    REQUIRE(find_holes(c.plan, 0, 3, nullptr).has_value());
    const CancelFlag cancel{true};
    REQUIRE(find_holes(c.plan, 0, 3, &cancel).error().what == "holes: cancelled");
}

TEST_CASE("rows of scattered single keys are not rows of themselves", "[analysis]") {
    HandPlan hand(self_attention(8, 1, 8));
    hand.begin_list(0);
    hand.add_affine(5, 1, 1, {{2, 1, 1, 0, {}}, {5, 1, 1, 0, {}}});
    hand.add_affine(6, 1, 1, {{6, 1, 1, 0, {}}, {6, 1, 1, 1, {}}}); // two branches, one key
    const Holes holes = find_holes(hand.plan, 0).value();
    REQUIRE(holes.queries_of_self.ranges == std::vector<Range>{{6, 7}});
    REQUIRE(holes.queries_without_key.ranges == std::vector<Range>{{0, 5}, {7, 8}});
    REQUIRE(holes.widest_gap == KeyGap{5, 2, 5});
    REQUIRE(holes.start == Range{});
}

TEST_CASE("holes at a million tokens", "[analysis][slow]") {
    for (bool causal : {false, true})
        for (const char* text :
             {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12", "window left=32768 right=32768", "dense",
              "seed segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12",
              "longnet segments=2000,4099,8191,16384,32768 rates=2,3,5,7,11"}) {
            const AnalysisCase c = analysis_case(text, self_attention(1 << 20, 12, 64, causal));
            const auto start = std::chrono::steady_clock::now();
            const Holes holes = find_holes(c.plan, 5).value();
            const std::chrono::duration<double> time_s = std::chrono::steady_clock::now() - start;
            CHECK(holes.distances.ranges.size() <= 100);
            CHECK(time_s.count() < 10);
            if (std::getenv("DILASCOPE_TIMES"))
                WARN(time_s.count() << " s, " << holes.widest_gap.size() << " widest, " << c.plan.tiles.size()
                                    << " tiles " << c.text());
        }
}
