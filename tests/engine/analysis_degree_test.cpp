// Degrees against the predicate, asked for every pair.
#include "engine/analysis/degree.h"
#include "tests/catch.h"
#include "tests/engine/analysis_case.h"
#include <chrono>
#include <cstdlib>

using namespace dilascope;

namespace {

std::vector<DegreePixel> reduce(const std::vector<std::int64_t>& degrees, Range tokens, std::int64_t pixels) {
    const auto edges = pixel_edges(tokens, pixels);
    std::vector<DegreePixel> reduced(edges.size() - 1);
    for (std::size_t pixel = 0; pixel < reduced.size(); ++pixel)
        for (std::int64_t token = edges[pixel]; token < edges[pixel + 1]; ++token) {
            const std::int64_t degree = degrees[std::size_t(token)];
            DegreePixel& at = reduced[pixel];
            at.min = at.tokens == 0 ? degree : std::min(at.min, degree);
            at.max = std::max(at.max, degree), at.sum += degree, ++at.tokens;
        }
    return reduced;
}

Range random_part(std::mt19937_64& random, std::int64_t length) {
    if (pick(random, 0, 1) == 0) return {0, length};
    const std::int64_t begin = pick(random, 0, length - 1);
    return {begin, pick(random, begin + 1, length)};
}

} // namespace

TEST_CASE("degrees equal counting", "[analysis]") {
    std::mt19937_64 random(31);
    const int seen = for_each_random_case(random, [&](const AnalysisCase& c, std::int64_t head) {
        const Problem& p = c.problem();
        for (PairCount count : {PairCount::distinct, PairCount::multiplicity}) {
            std::vector<std::int64_t> of_query(std::size_t(p.seq_len), 0), of_key(std::size_t(p.kv_len), 0);
            for (std::int64_t q = 0; q < p.seq_len; ++q)
                for (std::int64_t k = 0; k < p.kv_len; ++k) {
                    const int times = c.multiplicity_of(head, q, k);
                    const int counted = count == PairCount::distinct ? times > 0 : times;
                    of_query[std::size_t(q)] += counted, of_key[std::size_t(k)] += counted;
                }
            const Range queries = random_part(random, p.seq_len), keys = random_part(random, p.kv_len);
            const std::int64_t pixels = pick(random, 0, 1) == 0 ? queries.size() : pick(random, 1, 40);
            REQUIRE(query_degrees(c.plan, head, count, queries, pixels).value() == reduce(of_query, queries, pixels));
            REQUIRE(key_degrees(c.plan, head, count, keys, pixels).value() == reduce(of_key, keys, pixels));
        }
    });
    REQUIRE(seen > 100);
}

TEST_CASE("degrees of a plan whose repeats do not shift keys", "[analysis]") {
    // dense over 300 tokens: two whole tiles repeat with the same keys
    const AnalysisCase c = analysis_case("dense", self_attention(300, 1, 8));
    const DegreePixel full{300, 300, 300, 300 * 300};
    REQUIRE(query_degrees(c.plan, 0, PairCount::distinct, {0, 300}, 1).value() == std::vector{full});
    REQUIRE(key_degrees(c.plan, 0, PairCount::distinct, {0, 300}, 1).value() == std::vector{full});
}

TEST_CASE("a cancelled degree is an error", "[analysis]") {
    const AnalysisCase c = analysis_case("window left=3 right=3", self_attention(300, 1, 8));
    const CancelFlag cancel{true};
    REQUIRE(query_degrees(c.plan, 0, PairCount::distinct, {0, 300}, 1, &cancel).error().what ==
            "query degrees: cancelled");
    REQUIRE(key_degrees(c.plan, 0, PairCount::distinct, {0, 300}, 1, &cancel).error().what == "key degrees: cancelled");
}

TEST_CASE("affine parts hold the positions", "[analysis]") {
    std::mt19937_64 random(32);
    for (int trial = 0; trial < 400; ++trial) {
        std::vector<std::int64_t> positions;
        const std::int64_t modulus = pick(random, 1, 14), keep = pick(random, 1, 4);
        for (std::int64_t position = pick(random, 0, 99); positions.size() < std::size_t(pick(random, 1, 128));
             ++position)
            if (position * 7 % modulus < keep) positions.push_back(position);
        std::vector<std::int64_t> found;
        const auto parts = affine_parts(positions);
        for (const AffineRows& part : parts)
            for (std::int64_t row = 0; row < part.count; ++row) found.push_back(part.first + row * part.stride);
        std::ranges::sort(found);
        REQUIRE(found == positions);
        REQUIRE(parts.size() <= 15);
    }
}

// Timings for the report of a change: at a million tokens each takes well under a second.
TEST_CASE("degrees at a million tokens", "[analysis][slow]") {
    for (bool causal : {false, true})
        for (const char* text : {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12",
                                 "window left=32768 right=32768", "dense"}) {
            const AnalysisCase c = analysis_case(text, self_attention(1 << 20, 12, 64, causal));
            for (PairCount count : {PairCount::distinct, PairCount::multiplicity}) {
                const auto start = std::chrono::steady_clock::now();
                const auto queries = query_degrees(c.plan, 5, count, {0, 1 << 20}, 1024).value();
                const auto middle = std::chrono::steady_clock::now();
                const auto keys = key_degrees(c.plan, 5, count, {0, 1 << 20}, 1024).value();
                const auto end = std::chrono::steady_clock::now();
                std::int64_t by_query = 0, by_key = 0;
                for (const DegreePixel& pixel : queries) by_query += pixel.sum;
                for (const DegreePixel& pixel : keys) by_key += pixel.sum;
                const std::chrono::duration<double> query_s = middle - start, key_s = end - middle;
                INFO(c.text() << (count == PairCount::distinct ? " distinct " : " multiplicity ") << query_s.count()
                              << " s, " << key_s.count() << " s");
                const Count what{count == PairCount::distinct ? Count::active_pairs : Count::multiplicity};
                CHECK(by_query == count_pairs(c.pattern, c.problem(), 5, whole_matrix(c.problem()), what));
                CHECK(by_key == by_query);
                CHECK(query_s.count() < 2.0);
                CHECK(key_s.count() < 4.0);
                if (std::getenv("DILASCOPE_TIMES")) WARN(c.text() << ": " << query_s.count() << " " << key_s.count());
            }
        }
}
