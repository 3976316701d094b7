#pragma once
// What the attend verb has to write, from the definitions alone: one softmax over keys that count several times, with
// dropout, and its gradient, in float64.
#include "experiments/qkv.h"
#include <cmath>
#include <functional>
#include <vector>

namespace dilascope {

// How often query position i sees key position j in head h, written from the definitions, not from the engine.
using Times = std::function<int(std::int64_t h, std::int64_t i, std::int64_t j)>;

inline Times longnet(std::int64_t length, std::vector<std::pair<std::int64_t, std::int64_t>> branches) {
    return [=](std::int64_t h, std::int64_t i, std::int64_t j) {
        int times = 0;
        for (auto [segment, rate] : branches) {
            segment = std::min(segment, length);
            times += i / segment == j / segment && i % segment % rate == h % rate && j % segment % rate == h % rate;
        }
        return times;
    };
}

struct AttendTruth {
    std::vector<double> out, lse;   // (B,N,H,D), (B,H,N)
    std::vector<double> dq, dk, dv; // (B,N,H,D), (B,M,G,D) twice; empty without dout
};

struct AttendQuestion {
    const Qkv& qkv;
    Times times;
    bool causal = false;
    double scale = 1;
    Dropout dropout = {};
};

namespace detail {

struct TruthRow {
    std::int64_t b = 0, h = 0, n = 0;
    std::vector<double> weights, kept; // (M): sum to 1 or are all 0; 0 or 1/(1 − rate)
};

// A value of q, out, dout (token n, head h) or of k and v (token n, key head h).
inline std::size_t place_of(const Problem& p, std::int64_t tokens, std::int64_t heads, std::int64_t b, std::int64_t n,
                            std::int64_t h) {
    return std::size_t(((b * tokens + n) * heads + h) * p.head_dim);
}
inline std::size_t key_place(const Problem& p, const TruthRow& row, std::int64_t m) {
    return place_of(p, p.kv_len, p.kv_heads, row.b, m, row.h * p.kv_heads / p.heads);
}
inline double product(std::int64_t count, const float* a, const float* b) {
    double sum = 0;
    for (std::int64_t d = 0; d < count; ++d) sum += double(a[d]) * double(b[d]);
    return sum;
}

// Fills in the row's weights; returns its log-sum-exp, −inf without keys.
inline double weigh(const AttendQuestion& ask, TruthRow& row) {
    const Problem& p = ask.qkv.problem;
    const std::int64_t position = row.n + p.kv_len - p.seq_len;
    const float* q = ask.qkv.q.data() + place_of(p, p.seq_len, p.heads, row.b, row.n, row.h);
    double sum = 0;
    for (std::int64_t m = 0; m < p.kv_len; ++m) {
        const int count = ask.causal && m > position ? 0 : ask.times(row.h, position, m);
        const double score = product(p.head_dim, q, ask.qkv.k.data() + key_place(p, row, m)) * ask.scale;
        row.weights.push_back(count * std::exp(score));
        sum += row.weights.back();
        const double share = double(ask.dropout.threshold()) / 65536;
        const bool kept = is_kept(ask.dropout, std::uint32_t(row.b * p.heads + row.h), position, m);
        row.kept.push_back(kept ? 1 / (1 - share) : 0);
    }
    for (double& weight : row.weights) weight /= sum > 0 ? sum : 1;
    return std::log(sum);
}

inline void add_gradient(const AttendQuestion& ask, const TruthRow& row, AttendTruth& truth) {
    const Problem& p = ask.qkv.problem;
    const std::size_t at = place_of(p, p.seq_len, p.heads, row.b, row.n, row.h);
    const float *q = ask.qkv.q.data() + at, *dout = ask.qkv.dout->data() + at;
    std::vector<double> slopes; // d loss / d weight
    double mean = 0;
    for (std::int64_t m = 0; m < p.kv_len; ++m) {
        const auto index = std::size_t(m);
        slopes.push_back(row.kept[index] * product(p.head_dim, dout, ask.qkv.v.data() + key_place(p, row, m)));
        mean += row.weights[index] * slopes[index];
    }
    for (std::int64_t m = 0; m < p.kv_len; ++m) {
        const auto index = std::size_t(m), key = key_place(p, row, m);
        const double slope = ask.scale * row.weights[index] * (slopes[index] - mean);
        for (std::size_t d = 0; d < std::size_t(p.head_dim); ++d) {
            truth.dq[at + d] += slope * double(ask.qkv.k.data()[key + d]);
            truth.dk[key + d] += slope * double(q[d]);
            truth.dv[key + d] += row.weights[index] * row.kept[index] * double(dout[d]);
        }
    }
}

} // namespace detail

inline AttendTruth attend_truth(const AttendQuestion& ask) {
    const Problem& p = ask.qkv.problem;
    const auto queries = std::size_t(query_elements(p)), keys = std::size_t(key_elements(p));
    AttendTruth truth;
    truth.out.resize(queries);
    if (ask.qkv.dout) truth.dq.resize(queries), truth.dk.resize(keys), truth.dv.resize(keys);
    for (std::int64_t b = 0; b < p.batch; ++b)
        for (std::int64_t h = 0; h < p.heads; ++h)
            for (std::int64_t n = 0; n < p.seq_len; ++n) {
                detail::TruthRow row{b, h, n, {}, {}};
                truth.lse.push_back(detail::weigh(ask, row));
                const std::size_t at = detail::place_of(p, p.seq_len, p.heads, b, n, h);
                for (std::int64_t m = 0; m < p.kv_len; ++m)
                    for (std::size_t d = 0; d < std::size_t(p.head_dim); ++d)
                        truth.out[at + d] += row.weights[std::size_t(m)] * row.kept[std::size_t(m)] *
                                             double(ask.qkv.v.data()[detail::key_place(p, row, m) + d]);
                if (ask.qkv.dout) detail::add_gradient(ask, row, truth);
            }
    return truth;
}

} // namespace dilascope
