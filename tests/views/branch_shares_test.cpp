// Shares of branches: equal scores against the predicate, tensors' scores against the engine's, and how both are told.
#include "engine/pattern/pattern_text.h"
#include "engine/weights.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"
#include "views/branch_shares.h"
#include "views/cell_facts.h"
#include "views/number_format.h"
#include "views/pattern_image.h"
#include "views/theme.h"

using namespace dilascope;

namespace {

std::vector<std::int64_t> brute_keys(const Pattern& pattern, const Problem& problem, std::int64_t head,
                                     std::int64_t q) {
    std::vector<std::int64_t> keys(std::size_t(branch_count(pattern)), 0);
    for (std::int64_t k = 0; k < problem.kv_len; ++k) {
        const BranchSet set = branches(pattern, problem, head, q, k);
        for (std::size_t branch = 0; branch < keys.size(); ++branch) keys[branch] += set >> branch & 1;
    }
    return keys;
}

} // namespace

TEST_CASE("shares of equal scores are the branches' parts of the keys", "[views]") {
    std::mt19937_64 random(31);
    int shared = 0;
    for (int trial = 0; trial < 60; ++trial) {
        const Problem problem = random_problem(random, {16, 37, 100});
        Pattern pattern = {random_dilated(random, problem.kv_len, problem.heads)};
        if (trial % 4 == 3) pattern.order.curve = Curve::hilbert, pattern.order.use = OrderUse::sequence;
        if (!validate(pattern, problem)) continue;
        const std::int64_t head = pick(random, 0, problem.heads - 1), rows = pick(random, 1, problem.seq_len);
        const Range queries{0, problem.seq_len};
        const BranchShares shares = count_shares({pattern, problem, head, queries, rows}, nullptr);
        const std::vector<std::int64_t> edges = pixel_edges(queries, rows);
        const std::size_t branches = std::size_t(branch_count(pattern));
        INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len << " head " << head);
        for (std::size_t row = 0; row + 1 < edges.size(); ++row) {
            std::vector<std::int64_t> keys(branches, 0);
            for (std::int64_t q = edges[row]; q < edges[row + 1]; ++q) {
                const std::vector<std::int64_t> one = brute_keys(pattern, problem, head, q);
                REQUIRE(branch_keys_of(pattern, problem, head, q) == one);
                for (std::size_t branch = 0; branch < branches; ++branch) keys[branch] += one[branch];
            }
            const std::int64_t all = std::accumulate(keys.begin(), keys.end(), std::int64_t{0});
            for (std::size_t branch = 0; branch < branches; ++branch) {
                const double wanted = all > 0 ? double(keys[branch]) / double(all) : 0;
                REQUIRE(shares.share[row * branches + branch] == Approx(wanted).margin(1e-6));
                shared += wanted > 0 && wanted < 1;
            }
        }
    }
    CHECK(shared > 300);
}

TEST_CASE("shares of tensors are the mean of their queries', and say what is missing", "[views]") {
    const Problem problem = self_attention(96, 3, 16, true);
    const Pattern pattern = *parse_pattern("longnet segments=8,32,96 rates=1,2,4");
    const Qkv tensors = *generate_qkv(problem, 5);
    const std::int64_t rows = 10, head = 2;
    std::atomic<float> progress = 0;
    const BranchShares shares = score_shares({pattern, problem, head, {0, 96}, rows}, tensors, nullptr, &progress);
    CHECK(shares.error == "");
    CHECK(shares.has_scores());
    CHECK(progress > 0);
    const Plan plan = *make_plan(pattern, problem);
    std::vector<std::int64_t> queries(96);
    std::iota(queries.begin(), queries.end(), 0);
    SharesCall call;
    call.problem = &problem, call.plan = &plan, call.head = head, call.q = tensors.q.data(), call.k = tensors.k.data();
    call.queries = queries, call.branches = 3;
    const std::vector<double> all = *branch_shares(call);
    const std::vector<std::int64_t> edges = pixel_edges({0, 96}, rows);
    for (std::size_t row = 0; row < 10; ++row)
        for (std::size_t branch = 0; branch < 3; ++branch) {
            double sum = 0;
            for (std::int64_t q = edges[row]; q < edges[row + 1]; ++q) sum += all[std::size_t(q) * 3 + branch];
            CHECK(shares.share[row * 3 + branch] == Approx(sum / double(edges[row + 1] - edges[row])).margin(1e-6));
        }
    // Tensors that are too short: equal scores, and why.
    const Problem longer = self_attention(128, 3, 16, true);
    const BranchShares equal = score_shares({pattern, longer, head, {0, 128}, rows}, tensors, nullptr, nullptr);
    CHECK_FALSE(equal.has_scores());
    CHECK(equal.error.find("128") != std::string::npos);
    CHECK(equal.share == count_shares({pattern, longer, head, {0, 128}, rows}, nullptr).share);
}

TEST_CASE("mixing colours a pair by the branch that most of its row goes to", "[views]") {
    PictureRequest request;
    request.pattern = *parse_pattern("longnet segments=8,16,32 rates=1,2,4");
    request.problem = self_attention(40, 4, 8);
    request.region = whole_matrix(request.problem);
    request.rows = request.columns = 40;
    request.colours = PictureColours::mixing;
    const PatternPicture picture = make_picture(request);
    const std::vector<std::uint32_t> rgba = paint(picture), strip = paint_shares(picture.shares, 40);
    REQUIRE(strip.size() == std::size_t(40 * shares_columns));
    for (std::int64_t q = 0; q < 40; ++q) {
        const std::vector<std::int64_t> keys = brute_keys(request.pattern, request.problem, 0, q);
        const double all = double(std::accumulate(keys.begin(), keys.end(), std::int64_t{0}));
        std::int64_t first = 0;
        for (std::int64_t column = 0; column < shares_columns; ++column)
            first += strip[std::size_t(q * shares_columns + column)] == packed(branch_colour(0));
        CHECK(double(first) == Approx(double(keys[0]) / all * double(shares_columns)).margin(1));
        for (std::int64_t k = 0; k < 40; ++k) {
            const BranchSet set = branches(request.pattern, request.problem, 0, q, k);
            int best = -1;
            for (int branch = 0; branch < 3; ++branch)
                if (set >> branch & 1 && (best < 0 || keys[std::size_t(branch)] > keys[std::size_t(best)]))
                    best = branch;
            const std::uint32_t wanted =
                best < 0
                    ? 0u
                    : packed(branch_colour(best).with_alpha(share_alpha(float(double(keys[std::size_t(best)]) / all))));
            REQUIRE(rgba[std::size_t(q * 40 + k)] == wanted);
        }
    }
}

TEST_CASE("a row's shares are told as exact parts, then as its scores'", "[views]") {
    const Pattern pattern = *parse_pattern("longnet segments=8,16,32 rates=1,2,4");
    const std::vector<std::int64_t> keys = {1024, 0, 1536};
    const auto lines = share_lines(pattern, keys, {});
    REQUIRE(lines.size() == 2); // none for a branch without keys
    CHECK(lines[0] == "8 / 1: " + format_count(1024) + " ÷ " + format_count(2560) + " keys = 40 %");
    const std::vector<float> scored = {0.25f, 0, 0.75f};
    CHECK(share_lines(pattern, keys, scored)[1] ==
          "32 / 4: " + format_count(1536) + " ÷ " + format_count(2560) + " keys = 60 % · scores 75 %");
    CHECK(mixes_branches(pattern));
    for (const char* text : {"seed segments=8,16 rates=1,2", "longnet segments=8 rates=1", "dense",
                             "local block=8 window=16 + global block=8 tokens=8"})
        CHECK_FALSE(mixes_branches(*parse_pattern(text)));
}
