#include "engine/backends/reference_row.h"
#include "engine/dtype_convert.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

std::vector<SeenKey> seen_keys(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q) {
    std::vector<SeenKey> keys;
    for (std::int64_t key = 0; key < problem.kv_len; ++key)
        if (const BranchSet set = branches(pattern, problem, head, q, key))
            keys.push_back({key, set, multiplicity(pattern, set)});
    return keys;
}

double dot(std::span<const double> a, std::span<const double> b) {
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (std::size_t d = 0; d < a.size(); ++d) sum += a[d] * b[d];
    return sum;
}

void read_key(const AttentionCall& call, const ReferenceRow& row, const SeenKey& key, const void* k_or_v,
              std::span<double> to) {
    const Problem& p = *call.problem;
    const std::int64_t first = key_offset(p, row.index.batch, key.key, kv_head(p, row.index.head));
    widen_to_f64(k_or_v, p.dtype, first, p.head_dim, to.data());
}

ReferenceRow reference_row(const AttentionCall& call, RowIndex index, std::span<const SeenKey> keys) {
    const Problem& p = *call.problem;
    ReferenceRow row{index, std::vector<double>(std::size_t(p.head_dim)), keys, {}, {}};
    widen_to_f64(call.q, p.dtype, query_offset(p, index.batch, index.query, index.head), p.head_dim, row.q.data());
    const auto dropout_row = std::uint32_t(index.batch * p.heads + index.head);
    std::vector<double> key(row.q.size());
    for (const SeenKey& seen : keys) {
        read_key(call, row, seen, call.k, key);
        row.scores.push_back(dot(row.q, key) * softmax_scale(p));
        const bool kept =
            call.dropout.is_off() || is_kept(call.dropout, dropout_row, query_position(p, index.query), seen.key);
        row.kept.push_back(kept ? double(call.dropout.keep_scale()) : 0.0);
    }
    return row;
}

RowSoftmax row_softmax(const ReferenceRow& row, int branch) {
    const auto times = [&](std::size_t index) {
        const SeenKey& seen = row.keys[index];
        return branch == joint_branches ? seen.times : int(seen.branches >> branch & 1);
    };
    RowSoftmax softmax;
    softmax.weights.assign(row.keys.size(), 0.0);
    double largest = softmax.lse, sum = 0;
    bool has_keys = false;
    for (std::size_t index = 0; index < row.keys.size(); ++index) {
        if (times(index) == 0) continue;
        largest = std::max(largest, row.scores[index]);
        has_keys = true;
    }
    if (!has_keys) return softmax;
    for (std::size_t index = 0; index < row.keys.size(); ++index)
        if (times(index) > 0) sum += softmax.weights[index] = times(index) * std::exp(row.scores[index] - largest);
    for (double& weight : softmax.weights) weight /= sum;
    softmax.lse = largest + std::log(sum);
    return softmax;
}

void add_values(const AttentionCall& call, const ReferenceRow& row, const RowSoftmax& softmax, double* out) {
    std::vector<double> value(row.q.size());
    for (std::size_t index = 0; index < row.keys.size(); ++index) {
        const double weight = softmax.weights[index] * row.kept[index];
        if (weight == 0) continue;
        read_key(call, row, row.keys[index], call.v, value);
        for (std::size_t d = 0; d < value.size(); ++d) out[d] += weight * value[d];
    }
}

} // namespace dilascope
