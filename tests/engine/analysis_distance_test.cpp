// Distance profiles against the predicate, asked for every pair.
#include "engine/analysis/distance.h"
#include "engine/analysis/lattice.h"
#include "engine/pattern/count.h"
#include "tests/catch.h"
#include "tests/engine/analysis_case.h"
#include <chrono>
#include <cstdlib>

using namespace dilascope;

TEST_CASE("pairs of two progressions equal counting", "[analysis]") {
    std::mt19937_64 random(41);
    for (int trial = 0; trial < 4000; ++trial) {
        const AffineRows us{pick(random, -30, 30), pick(random, 1, 13), pick(random, 0, 20)};
        const AffineRows vs{pick(random, -30, 30), pick(random, 1, 13), pick(random, 0, 20)};
        const std::int64_t difference = pick(random, -200, 200);
        std::int64_t expected = 0;
        for (std::int64_t i = 0; i < us.count; ++i)
            for (std::int64_t j = 0; j < vs.count; ++j)
                expected += vs.first + j * vs.stride - us.first - i * us.stride <= difference;
        REQUIRE(affine_pairs_at_or_below(us, vs, difference) == expected);
    }
}

TEST_CASE("distance profiles equal counting", "[analysis]") {
    std::mt19937_64 random(42);
    const int seen = for_each_random_case(random, [&](const AnalysisCase& c, std::int64_t head) {
        const Problem& p = c.problem();
        for (Distance distance : {Distance::query_minus_key, Distance::absolute})
            for (PairCount count : {PairCount::distinct, PairCount::multiplicity}) {
                std::vector<std::int64_t> edges{distance == Distance::absolute ? pick(random, 0, 3)
                                                                               : -pick(random, 0, 320)};
                for (std::int64_t bins = pick(random, 1, 30); bins > 0; --bins)
                    edges.push_back(edges.back() + pick(random, 1, 40));
                if (distance == Distance::absolute && pick(random, 0, 1) == 0) edges = log_edges(p.kv_len - 1, 2);
                std::vector<DistanceBin> expected;
                for (std::size_t bin = 0; bin + 1 < edges.size(); ++bin)
                    expected.push_back({{edges[bin], edges[bin + 1]}, 0, 0});
                for (std::int64_t q = 0; q < p.seq_len; ++q)
                    for (std::int64_t k = 0; k < p.kv_len; ++k) {
                        std::int64_t d = query_position(p, q) - k;
                        if (p.causal && d < 0) continue;
                        if (distance == Distance::absolute) d = std::abs(d);
                        const auto bin = std::ranges::upper_bound(edges, d) - edges.begin() - 1;
                        if (bin < 0 || std::size_t(bin) >= expected.size()) continue;
                        const int times = c.multiplicity_of(head, q, k);
                        expected[std::size_t(bin)].pairs += count == PairCount::distinct ? times > 0 : times;
                        ++expected[std::size_t(bin)].allowed;
                    }
                REQUIRE(distance_profile(c.plan, head, count, distance, edges).value() == expected);
            }
    });
    REQUIRE(seen > 100);
}

TEST_CASE("logarithmic edges hold every distance once", "[analysis]") {
    REQUIRE(log_edges(0, 1) == std::vector<std::int64_t>{0, 1});
    REQUIRE(log_edges(8, 1) == std::vector<std::int64_t>{0, 1, 2, 4, 8, 9});
    for (int per_octave = 1; per_octave <= 8; ++per_octave) {
        const auto edges = log_edges((1 << 20) - 1, per_octave);
        REQUIRE(edges.back() == 1 << 20);
        REQUIRE(std::ranges::adjacent_find(edges, std::greater_equal<>{}) == edges.end());
    }
}

TEST_CASE("a distance profile at a million tokens takes less than half a second", "[analysis][slow]") {
    for (bool causal : {false, true})
        for (const char* text :
             {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12", "window left=32768 right=32768", "dense"})
            for (PairCount count : {PairCount::distinct, PairCount::multiplicity}) {
                const AnalysisCase c = analysis_case(text, self_attention(1 << 20, 12, 64, causal));
                const auto start = std::chrono::steady_clock::now();
                const auto profile =
                    distance_profile(c.plan, 5, count, Distance::absolute, log_edges((1 << 20) - 1, 4)).value();
                const std::chrono::duration<double> time_s = std::chrono::steady_clock::now() - start;
                std::int64_t pairs = 0, allowed = 0;
                for (const DistanceBin& bin : profile) pairs += bin.pairs, allowed += bin.allowed;
                const Count what{count == PairCount::distinct ? Count::active_pairs : Count::multiplicity};
                CHECK(pairs == count_pairs(c.pattern, c.problem(), 5, whole_matrix(c.problem()), what));
                CHECK(allowed == allowed_pairs(c.problem()));
                CHECK(time_s.count() < 0.5);
                if (std::getenv("DILASCOPE_TIMES")) WARN(time_s.count() << " s " << c.text());
            }
}
