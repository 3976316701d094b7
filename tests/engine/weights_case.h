#pragma once
// A picture of attention weights and what it should show: float64, from the predicate alone.
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "engine/weights.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"
#include <fmt/format.h>
#include <memory>
#include <optional>

namespace dilascope {

// What query q multiplies each value with, (M).
inline std::vector<double> true_weights(const AttentionCase& c, std::int64_t batch, std::int64_t head, std::int64_t q) {
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

inline WeightsCall weights_call(const AttentionCase& c) {
    WeightsCall call;
    call.problem = &c.problem, call.plan = &c.plan;
    call.q = c.q.data(), call.k = c.k.data();
    call.region = whole_matrix(c.problem);
    return call;
}

struct WeightsCase {
    std::unique_ptr<AttentionCase> attention; // the call points to it
    WeightsCall call;

    std::string text() const {
        const Problem& p = attention->problem;
        return fmt::format("N {} M {} D {} {}, {} × {} pixels", p.seq_len, p.kv_len, p.head_dim,
                           to_text(attention->pattern), call.rows, call.columns);
    }

    // The largest difference of any pixel.
    double worst_error(const std::vector<float>& pixels) const {
        REQUIRE(pixels.size() == std::size_t(call.rows * call.columns));
        const auto row_edges = pixel_edges(call.region.q, call.rows),
                   column_edges = pixel_edges(call.region.k, call.columns);
        double worst = 0;
        for (std::size_t row = 0; row < std::size_t(call.rows); ++row) {
            std::vector<double> weights(std::size_t(attention->problem.kv_len), 0.0);
            const auto shown = shown_queries({row_edges[row], row_edges[row + 1]}, call.queries_per_pixel);
            for (std::int64_t query : shown) {
                const std::vector<double> one = true_weights(*attention, call.batch, call.head, query);
                for (std::size_t key = 0; key < one.size(); ++key) weights[key] += one[key] / double(shown.size());
            }
            for (std::size_t column = 0; column < std::size_t(call.columns); ++column) {
                double expected = 0;
                for (std::int64_t key = column_edges[column]; key < column_edges[column + 1]; ++key)
                    expected += weights[std::size_t(key)];
                const double error = std::abs(expected - double(pixels[row * std::size_t(call.columns) + column]));
                if (!(error <= worst)) worst = error; // also not-a-number
            }
        }
        return worst;
    }
};

// Any pattern, mix, head and region, up to `most_pixels` a side: more than tokens, at times. Empty when pattern and
// problem do not fit.
inline std::optional<WeightsCase> random_weights_case(std::mt19937_64& random, const std::vector<std::int64_t>& lengths,
                                                      std::int64_t most_pixels) {
    Problem problem = random_problem(random, lengths);
    problem.head_dim = pick_of<std::int64_t>(random, {1, 3, 8, 32});
    Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
    if (auto* dilated = std::get_if<Dilated>(&pattern.kind)) dilated->mix = MixMode(pick(random, 0, 4));
    const std::uint64_t seed = random();
    if (!validate(pattern, problem)) return {};
    WeightsCase made{std::make_unique<AttentionCase>(pattern, problem, seed), {}};
    WeightsCall& call = made.call = weights_call(*made.attention);
    call.batch = pick(random, 0, problem.batch - 1), call.head = pick(random, 0, problem.heads - 1);
    if (pick(random, 0, 1) == 1) {
        call.region.q.begin = pick(random, 0, problem.seq_len - 1);
        call.region.q.end = pick(random, call.region.q.begin + 1, problem.seq_len);
        call.region.k.begin = pick(random, 0, problem.kv_len - 1);
        call.region.k.end = pick(random, call.region.k.begin + 1, problem.kv_len);
    }
    call.rows = pick(random, 1, most_pixels), call.columns = pick(random, 1, most_pixels);
    call.queries_per_pixel = pick(random, 1, 9);
    return made;
}

} // namespace dilascope
