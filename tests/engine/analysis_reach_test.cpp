// Reach, depth and coverage against boolean matrices made from the predicate.
#include "engine/analysis/coverage.h"
#include "engine/weights.h"
#include "tests/catch.h"
#include "tests/engine/analysis_case.h"
#include <bitset>
#include <chrono>
#include <cstdlib>
#include <deque>

using namespace dilascope;

namespace {

constexpr std::size_t most_tokens = 1024;
using Row = std::bitset<most_tokens>;
using Matrix = std::vector<Row>;

// A random stack of 1 … 5 layers, some of them alike, with the boolean matrix of each.
struct StackCase {
    std::deque<AnalysisCase> cases; // stable addresses
    std::vector<Layer> layers;      // bottom to top
    std::vector<Matrix> matrices;
    std::string text;

    StackCase(std::mt19937_64& random, std::int64_t tokens) {
        const bool causal = pick(random, 0, 1) == 1;
        const std::int64_t heads = pick(random, 1, 6), kinds = pick(random, 1, 3);
        std::vector<std::vector<std::int64_t>> chosen;
        while (std::int64_t(cases.size()) < kinds) {
            Pattern pattern = random_ordered_pattern(random, tokens, heads);
            if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind); dilated && pick(random, 0, 2) == 0)
                dilated->mix = MixMode(pick(random, 0, 4));
            // Mostly narrow ones, or everything is reached at once.
            if (Window* window = std::get_if<Window>(&pattern.kind)) window->left %= 9, window->right %= 9;
            if (std::holds_alternative<Dense>(pattern.kind) && pick(random, 0, 3) > 0) continue;
            Result<Plan> plan = make_plan(pattern, self_attention(tokens, heads, 8, causal));
            if (!plan) continue;
            cases.push_back({pattern, std::move(*plan)});
            chosen.emplace_back();
            for (std::int64_t head = 0; head < heads; ++head)
                if (pick(random, 0, 2) == 0) chosen.back().push_back(head);
            if (chosen.back().empty()) chosen.back().push_back(0);
        }
        for (std::int64_t count = pick(random, 1, 5); count > 0; --count) {
            const auto kind = std::size_t(pick(random, 0, kinds - 1));
            layers.push_back({&cases[kind].plan, chosen[kind]});
            Matrix matrix(static_cast<std::size_t>(tokens));
            for (std::int64_t q = 0; q < tokens; ++q)
                for (std::int64_t k = 0; k < tokens; ++k)
                    for (std::int64_t head : chosen[kind])
                        if (cases[kind].multiplicity_of(head, q, k) > 0) matrix[std::size_t(q)][std::size_t(k)] = true;
            matrices.push_back(std::move(matrix));
            text += cases[kind].text() + " | ";
        }
    }

    // reach[l][q]: the definition, by matrix products from the top layer down, identity added.
    std::vector<Matrix> reach(std::size_t most_layers) const {
        const std::size_t tokens = matrices.front().size();
        Matrix now(tokens);
        for (std::size_t q = 0; q < tokens; ++q) now[q][q] = true;
        std::vector<Matrix> all{now};
        for (std::size_t step = 0; step < most_layers; ++step) {
            const Matrix& layer = matrices[matrices.size() - 1 - step % matrices.size()];
            Matrix next = now;
            for (std::size_t q = 0; q < tokens; ++q)
                for (std::size_t x = 0; x < tokens; ++x)
                    if (now[q][x]) next[q] |= layer[x];
            now = next;
            all.push_back(now);
        }
        return all;
    }
};

bool same(const TokenSet& set, const Row& row) {
    for (std::int64_t token = 0; token < set.tokens(); ++token)
        if (set.contains(token) != row[std::size_t(token)]) return false;
    return true;
}

void check_stack(const StackCase& c, std::mt19937_64& random) {
    const auto tokens = std::int64_t(c.matrices.front().size());
    const bool causal = c.cases.front().problem().causal;
    const std::size_t deep = c.layers.size();
    const auto truth = c.reach(deep);
    const Stack stack = Stack::make(c.layers).value();

    for (std::int64_t q : {std::int64_t{0}, pick(random, 0, tokens - 1), tokens - 1}) {
        ReachWalk walk(stack, q);
        const auto depths = key_depths(stack, q).value();
        for (std::size_t layer = 0; layer <= deep; ++layer) {
            REQUIRE(same(walk.reached(), truth[layer][std::size_t(q)]));
            bool depths_agree = true;
            for (std::int64_t k = 0; k < tokens; ++k) {
                const std::int32_t depth = depths[std::size_t(k)];
                depths_agree &= (depth >= 0 && depth <= int(layer)) == truth[layer][std::size_t(q)][std::size_t(k)];
            }
            REQUIRE(depths_agree);
            REQUIRE(walk.advance(nullptr));
        }
    }

    const Coverage found = coverage(stack).value();
    REQUIRE(found.is_exact);
    REQUIRE(found.rows == tokens);
    const std::int64_t allowed = causal ? tokens * (tokens + 1) / 2 : tokens * tokens;
    for (std::size_t layer = 0; layer <= deep; ++layer) {
        std::int64_t pairs = 0;
        for (const Row& row : truth[layer]) pairs += std::int64_t(row.count());
        REQUIRE(found.reached_pairs[layer] == pairs);
        REQUIRE(found.share[layer] == double(pairs) / double(allowed));
        REQUIRE(found.low[layer] == found.share[layer]);
    }
}

// Least layers to full coverage by brute force, −1 for never.
std::int64_t layers_to_full(const StackCase& c, std::int64_t allowed) {
    Matrix before;
    for (std::size_t layers = 0;; layers += c.layers.size()) {
        const auto truth = c.reach(layers + c.layers.size());
        for (std::size_t layer = layers; layer < truth.size(); ++layer) {
            std::int64_t pairs = 0;
            for (const Row& row : truth[layer]) pairs += std::int64_t(row.count());
            if (pairs == allowed) return std::int64_t(layer);
        }
        if (truth.back() == before) return -1;
        before = truth.back();
    }
}

} // namespace

TEST_CASE("reach of random stacks equals boolean matrix products", "[analysis]") {
    std::mt19937_64 random(61);
    for (int trial = 0; trial < 100; ++trial) {
        const StackCase c(random, pick_of<std::int64_t>(random, {1, 2, 17, 40, 63, 64, 90}));
        INFO(c.text);
        check_stack(c, random);
    }
}

TEST_CASE("reach of random stacks of a thousand tokens equals boolean matrix products", "[analysis][slow]") {
    std::mt19937_64 random(62);
    for (int trial = 0; trial < 100; ++trial) {
        const StackCase c(random, pick_of<std::int64_t>(random, {512, 1000, 1024}));
        INFO(c.text);
        check_stack(c, random);
    }
}

TEST_CASE("layers to full coverage, or never", "[analysis]") {
    std::mt19937_64 random(63);
    int full = 0, never = 0;
    for (int trial = 0; trial < 60; ++trial) {
        const StackCase c(random, pick(random, 1, 40));
        INFO(c.text);
        const Coverage found = coverage(Stack::make(c.layers).value()).value();
        const std::int64_t expected = layers_to_full(c, allowed_pairs(c.cases.front().problem()));
        REQUIRE(found.full == (expected < 0 ? FullCoverage::never : FullCoverage::reached));
        REQUIRE(found.layers_to_full == std::max<std::int64_t>(0, expected));
        (expected < 0 ? never : full) += 1;
    }
    REQUIRE(full > 10);
    REQUIRE(never > 10);

    // A window of one to the left needs a layer for each token before the last.
    const AnalysisCase window = analysis_case("window left=1 right=0", self_attention(50, 1, 8, true));
    const Layer layer{&window.plan, {0}};
    const Stack stack = Stack::make({&layer, 1}).value();
    REQUIRE(coverage(stack).value().layers_to_full == 49);
    CoverageLimits few;
    few.most_layers = 20;
    REQUIRE(coverage(stack, few).value().full == FullCoverage::unknown);
}

TEST_CASE("depth maps hold the least and greatest depth of their pixels", "[analysis]") {
    std::mt19937_64 random(64);
    for (int trial = 0; trial < 60; ++trial) {
        const StackCase c(random, pick(random, 1, 90));
        INFO(c.text);
        const auto tokens = std::int64_t(c.matrices.front().size());
        const bool causal = c.cases.front().problem().causal;
        Region region{{0, tokens}, {0, tokens}};
        if (trial % 2 == 1) region.q.begin = pick(random, 0, tokens - 1), region.k.end = pick(random, 1, tokens);
        const std::int64_t rows = pick(random, 1, 30), columns = pick(random, 1, 30), most = pick(random, 1, 5);
        const auto truth = c.reach(c.layers.size());
        const auto q_edges = pixel_edges(region.q, rows), k_edges = pixel_edges(region.k, columns);
        std::vector<DepthPixel> expected;
        for (std::size_t row = 0; row < std::size_t(rows); ++row)
            for (std::size_t column = 0; column < std::size_t(columns); ++column) {
                DepthPixel pixel;
                for (std::int64_t q : shown_queries({q_edges[row], q_edges[row + 1]}, most))
                    for (std::int64_t k = k_edges[column]; k < k_edges[column + 1]; ++k) {
                        if (causal && k > q) continue;
                        std::int32_t depth = 0;
                        while (depth <= int(c.layers.size()) &&
                               !truth[std::size_t(depth)][std::size_t(q)][std::size_t(k)])
                            ++depth;
                        if (depth > int(c.layers.size())) depth = DepthPixel::never;
                        pixel.min = pixel.min < 0 ? depth : std::min(pixel.min, depth);
                        pixel.max = std::max(pixel.max, depth);
                    }
                expected.push_back(pixel);
            }
        REQUIRE(depth_map(Stack::make(c.layers).value(), region, rows, columns, most).value() == expected);
    }
}

TEST_CASE("a sampled coverage says so, and its interval holds the exact one", "[analysis]") {
    int held = 0, trials = 0;
    for (bool causal : {false, true})
        for (const char* text : {"longnet segments=64,128,256 rates=1,2,4", "window left=40 right=40"}) {
            const AnalysisCase c = analysis_case(text, self_attention(1000, 4, 8, causal));
            const std::vector<Layer> layers(3, Layer{&c.plan, {1}});
            const Stack stack = Stack::make(layers).value();
            const Coverage exact = coverage(stack).value();
            for (std::uint64_t seed = 1; seed <= 10; ++seed) {
                CoverageLimits limits;
                limits.exact_tokens = 100, limits.sampled_rows = 60, limits.seed = seed;
                const Coverage sampled = coverage(stack, limits).value();
                REQUIRE(!sampled.is_exact);
                REQUIRE(sampled.rows == 60);
                for (std::size_t layer = 1; layer <= 3; ++layer, ++trials) {
                    held += sampled.low[layer] <= exact.share[layer] && exact.share[layer] <= sampled.high[layer];
                    REQUIRE(std::abs(sampled.share[layer] - exact.share[layer]) < 0.1);
                }
                if (exact.full == FullCoverage::reached) REQUIRE(sampled.full == FullCoverage::reached);
            }
        }
    INFO(held << " of " << trials);
    REQUIRE(held >= trials * 85 / 100);
    REQUIRE(held <= trials - 1); // intervals that always hold say nothing
}

TEST_CASE("stacks of layers that do not fit are errors", "[analysis]") {
    const AnalysisCase small = analysis_case("dense", self_attention(8, 2, 8));
    const AnalysisCase large = analysis_case("dense", self_attention(9, 2, 8));
    const AnalysisCase causal = analysis_case("dense", self_attention(8, 2, 8, true));
    Problem longer = self_attention(8, 2, 8);
    longer.kv_len = 10;
    const AnalysisCase wide = analysis_case("dense", longer);
    const auto error = [](std::vector<Layer> layers) { return Stack::make(layers).error().what; };
    REQUIRE(error({}) == "stack: no layers; give at least one");
    REQUIRE(error({{&small.plan, {}}}) == "stack: a layer has no heads; give at least one");
    REQUIRE(error({{&wide.plan, {0}}}) == "stack: a layer has 8 queries and 10 keys; layers stack when they are equal");
    REQUIRE(error({{&small.plan, {0}}, {&large.plan, {0}}}) ==
            "stack: a layer of 9 tokens beside one of 8; use the same in every layer");
    REQUIRE(error({{&small.plan, {0}}, {&causal.plan, {0}}}) ==
            "stack: a layer of 8 tokens, causal, beside one of 8; use the same in every layer");
    const CancelFlag cancel{true};
    const Layer layer{&small.plan, {0}};
    const Stack stack = Stack::make({&layer, 1}).value();
    REQUIRE(coverage(stack, {}, &cancel).error().what.find("cancelled") != std::string::npos);
    REQUIRE(key_depths(stack, 3, &cancel).error().what == "depths: cancelled");
}

TEST_CASE("reach at a million tokens", "[analysis][slow]") {
    for (bool causal : {false, true})
        for (const char* text :
             {"longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12", "window left=32768 right=32768"}) {
            const auto time_of = [](auto&& work) {
                const auto start = std::chrono::steady_clock::now();
                work();
                return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            };
            const AnalysisCase c = analysis_case(text, self_attention(1 << 20, 12, 64, causal));
            const std::vector<Layer> layers(4, Layer{&c.plan, {5}});
            const Stack stack = Stack::make(layers).value();
            const double one_s = time_of([&] { REQUIRE(key_depths(stack, 700000).has_value()); });
            Coverage sampled;
            CoverageLimits limits;
            limits.most_layers = 4;
            const double sampled_s = time_of([&] { sampled = coverage(stack, limits).value(); });
            const AnalysisCase small = analysis_case(text, self_attention(8192, 12, 64, causal));
            const std::vector<Layer> small_layers(4, Layer{&small.plan, {5}});
            const Stack small_stack = Stack::make(small_layers).value();
            const double exact_s = time_of([&] { REQUIRE(coverage(small_stack).value().is_exact); });
            CHECK(one_s < 2);
            CHECK(sampled_s < 30);
            CHECK(exact_s < 30);
            if (std::getenv("DILASCOPE_TIMES"))
                WARN("one query " << one_s << " s, 64 sampled " << sampled_s << " s, exact at 8192 " << exact_s
                                  << " s, share " << sampled.share.back() << " " << c.text());
        }
}
