// Heatmap pixels against weights computed from the predicate.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/weights_case.h"
#include <numeric>
#include <set>

using namespace dilascope;

TEST_CASE("pixels are the mean weights of their queries", "[engine]") {
    std::mt19937_64 random(11);
    for (int trial = 0; trial < 60; ++trial) {
        const std::optional<WeightsCase> c = random_weights_case(random, {1, 2, 5, 17, 64, 127, 200}, 40);
        if (!c) continue;
        INFO("trial " << trial << ": " << c->text());
        CHECK(c->worst_error(attention_weights(c->call).value()) < 1e-5);
    }
}

TEST_CASE("shown queries are all of a few, and one of each part of many", "[engine]") {
    CHECK(shown_queries({5, 5}, 4).empty());
    CHECK(shown_queries({5, 8}, 4) == std::vector<std::int64_t>{5, 6, 7});
    const auto shown = shown_queries({100, 1100}, 4);
    REQUIRE(shown.size() == 4);
    for (std::int64_t part = 0; part < 4; ++part)
        CHECK(Range{100 + 250 * part, 350 + 250 * part}.contains(shown[std::size_t(part)]));
    std::set<std::int64_t> places; // not all at the same place of their part
    for (std::int64_t part = 0; part < 4; ++part) places.insert((shown[std::size_t(part)] - 100) % 250);
    CHECK(places.size() > 1);
}

TEST_CASE("rows of the whole matrix sum to 1", "[engine]") {
    Problem problem = self_attention(300, 2, 16);
    const AttentionCase c({Dense{}}, problem, 3);
    WeightsCall call = weights_call(c);
    call.rows = 10, call.columns = 7;
    const std::vector<float> pixels = attention_weights(call).value();
    for (std::int64_t row = 0; row < call.rows; ++row) {
        double sum = 0;
        for (std::int64_t column = 0; column < call.columns; ++column)
            sum += double(pixels[std::size_t(row * 7 + column)]);
        CHECK(sum == Approx(1).margin(1e-5));
    }
}

TEST_CASE("huge scores do not overflow", "[engine]") {
    const AttentionCase base({Dense{}}, self_attention(40, 1, 8), 3);
    AttentionCase c = base;
    for (float& value : c.q) value *= 1e4f;
    WeightsCall call = weights_call(c);
    call.rows = 40, call.columns = 40;
    const std::vector<float> pixels = attention_weights(call).value();
    for (float weight : pixels) {
        CHECK(weight >= 0);
        CHECK(weight <= 1.0001f);
    }
}

TEST_CASE("weights stop when cancelled", "[engine]") {
    const AttentionCase c({Dense{}}, self_attention(40, 1, 8), 3);
    const CancelFlag cancel = true;
    WeightsCall call = weights_call(c);
    call.rows = 4, call.columns = 4, call.cancel = &cancel;
    CHECK(attention_weights(call).error().what.find("cancelled") != std::string::npos);
}

TEST_CASE("branch shares are those of the branches' own log-sum-exps, and add up to the engine's", "[engine]") {
    std::mt19937_64 random(21);
    int compared = 0;
    for (int trial = 0; trial < 40; ++trial) {
        Problem problem = random_problem(random, {5, 17, 64, 127});
        problem.head_dim = 8;
        Pattern pattern = {random_dilated(random, problem.kv_len, problem.heads)};
        if (trial % 4 == 3) pattern.order.curve = Curve::hilbert, pattern.order.use = OrderUse::sequence;
        Dilated& dilated = std::get<Dilated>(pattern.kind);
        dilated.heads = HeadMode::all;
        if (dilated.phase == PhaseMode::group_mod || !validate(pattern, problem)) continue;
        AttentionCase c(pattern, problem, 300 + std::uint64_t(trial));
        REQUIRE(cpu_backend().forward(c.call()));
        SharesCall call;
        static_cast<ScoredHead&>(call) = weights_call(c);
        call.batch = pick(random, 0, problem.batch - 1), call.head = pick(random, 0, problem.heads - 1);
        call.branches = branch_count(pattern);
        std::vector<std::int64_t> queries(static_cast<std::size_t>(problem.seq_len));
        std::iota(queries.begin(), queries.end(), 0);
        std::atomic<float> progress = 0;
        call.queries = queries, call.progress = &progress;
        const std::vector<double> shares = branch_shares(call).value();
        CHECK(progress > 0);
        std::vector<std::vector<double>> sums; // exp of each branch's own log-sum-exp, float64
        for (int branch = 0; branch < call.branches; ++branch) {
            AttentionCase alone = c;
            Dilated& one = std::get<Dilated>(alone.pattern.kind);
            one.segment_lengths = {dilated.segment_lengths[std::size_t(branch)]};
            one.dilation_rates = {dilated.dilation_rates[std::size_t(branch)]};
            std::vector<RowIndex> rows;
            for (std::int64_t query : queries) rows.push_back({call.batch, call.head, query});
            std::vector<double> out(rows.size() * 8), lse(rows.size());
            REQUIRE(reference_rows(alone.call(), rows, out.data(), lse.data()));
            for (double& value : lse) value = std::exp(value);
            sums.push_back(lse);
        }
        INFO("trial " << trial << " " << to_text(pattern));
        for (std::int64_t query : queries) {
            double total = 0;
            for (const auto& sum : sums) total += sum[std::size_t(query)];
            const double lse = double(c.lse[std::size_t(lse_offset(problem, call.batch, call.head, query))]);
            CHECK(std::exp(lse) == Approx(total).epsilon(1e-4));
            for (std::size_t branch = 0; branch < sums.size(); ++branch) {
                const double wanted = total > 0 ? sums[branch][std::size_t(query)] / total : 0;
                CHECK(shares[std::size_t(query) * sums.size() + branch] == Approx(wanted).margin(1e-6));
                compared += wanted > 0 && wanted < 1;
            }
        }
        const CancelFlag cancel = true;
        call.cancel = &cancel;
        CHECK_FALSE(branch_shares(call));
    }
    CHECK(compared > 1000);
}
