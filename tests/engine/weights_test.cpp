// Heatmap pixels against weights computed from the predicate.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "engine/weights.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"
#include <cmath>
#include <numeric>
#include <set>

using namespace dilascope;

namespace {

// What query q multiplies each value with, (M), float64, from the predicate alone.
std::vector<double> truth(const AttentionCase& c, std::int64_t batch, std::int64_t head, std::int64_t q) {
    const Problem& p = c.problem;
    std::vector<double> weights(std::size_t(p.kv_len), 0.0);
    const std::vector<SeenKey> keys = seen_keys(c.pattern, p, head, q);
    const MixMode mix = mix_mode(c.pattern);
    const int branch_total = branch_count(c.pattern);
    const auto score = [&](std::int64_t key) {
        double sum = 0;
        for (std::int64_t d = 0; d < p.head_dim; ++d)
            sum += double(c.q[std::size_t(query_offset(p, batch, q, head) + d)]) *
                   double(c.k[std::size_t(key_offset(p, batch, key, kv_head(p, head)) + d)]);
        return std::exp(sum * softmax_scale(p));
    };
    for (int branch = 0; branch < (is_joint_softmax(mix) ? 1 : branch_total); ++branch) {
        const auto times = [&](const SeenKey& seen) {
            return is_joint_softmax(mix) ? seen.times : int(seen.branches >> branch & 1);
        };
        double sum = 0;
        for (const SeenKey& seen : keys) sum += times(seen) * score(seen.key);
        const double factor = is_joint_softmax(mix) || mix == MixMode::none ? 1.0 : 1.0 / branch_total;
        for (const SeenKey& seen : keys)
            if (times(seen) > 0) weights[std::size_t(seen.key)] += factor * times(seen) * score(seen.key) / sum;
    }
    return weights;
}

WeightsCall weights_call(const AttentionCase& c) {
    WeightsCall call;
    call.problem = &c.problem, call.plan = &c.plan;
    call.q = c.q.data(), call.k = c.k.data();
    call.region = whole_matrix(c.problem);
    return call;
}

} // namespace

TEST_CASE("pixels are the mean weights of their queries", "[engine]") {
    std::mt19937_64 random(11);
    for (int trial = 0; trial < 60; ++trial) {
        Problem problem = random_problem(random, {1, 2, 5, 17, 64, 127, 200});
        problem.head_dim = pick_of<std::int64_t>(random, {1, 3, 8, 32});
        Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (auto* dilated = std::get_if<Dilated>(&pattern.kind)) dilated->mix = MixMode(pick(random, 0, 4));
        if (!validate(pattern, problem)) continue;
        const AttentionCase c(pattern, problem, 100 + std::uint64_t(trial));
        WeightsCall call = weights_call(c);
        call.batch = pick(random, 0, problem.batch - 1), call.head = pick(random, 0, problem.heads - 1);
        if (trial % 2 == 1) {
            call.region.q.begin = pick(random, 0, problem.seq_len - 1);
            call.region.q.end = pick(random, call.region.q.begin + 1, problem.seq_len);
            call.region.k.begin = pick(random, 0, problem.kv_len - 1);
            call.region.k.end = pick(random, call.region.k.begin + 1, problem.kv_len);
        }
        call.rows = pick(random, 1, 40), call.columns = pick(random, 1, 40); // also more pixels than tokens
        call.queries_per_pixel = pick(random, 1, 9);
        const std::vector<float> pixels = attention_weights(call).value();
        REQUIRE(pixels.size() == std::size_t(call.rows * call.columns));
        const auto row_edges = pixel_edges(call.region.q, call.rows),
                   column_edges = pixel_edges(call.region.k, call.columns);
        double worst = 0;
        for (std::int64_t row = 0; row < call.rows; ++row) {
            const Range queries{row_edges[std::size_t(row)], row_edges[std::size_t(row + 1)]};
            std::vector<double> weights(std::size_t(problem.kv_len), 0.0);
            const auto shown = shown_queries(queries, call.queries_per_pixel);
            for (std::int64_t query : shown) {
                const std::vector<double> one = truth(c, call.batch, call.head, query);
                for (std::size_t key = 0; key < one.size(); ++key) weights[key] += one[key] / double(shown.size());
            }
            for (std::int64_t column = 0; column < call.columns; ++column) {
                double expected = 0;
                for (std::int64_t key = column_edges[std::size_t(column)]; key < column_edges[std::size_t(column + 1)];
                     ++key)
                    expected += weights[std::size_t(key)];
                worst = std::max(worst, std::abs(expected - double(pixels[std::size_t(row * call.columns + column)])));
            }
        }
        INFO("trial " << trial << " N " << problem.seq_len << " M " << problem.kv_len);
        CHECK(worst < 1e-5);
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
