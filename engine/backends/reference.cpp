#include "engine/backends/reference.h"
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>

namespace dilascope {

std::vector<SeenKey> seen_keys(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q) {
    std::vector<SeenKey> keys;
    for (std::int64_t key = 0; key < problem.kv_len; ++key)
        if (const BranchSet set = branches(pattern, problem, head, q, key))
            keys.push_back({key, set, multiplicity(pattern, set)});
    return keys;
}

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr int joint = -1; // all branches in one softmax

int times_counted(const SeenKey& seen, int branch) {
    return branch == joint ? seen.times : int(seen.branches >> branch & 1);
}

// One softmax: out[d] += weight · Σ_k p_k v_k[d] over the seen keys of `branch` (or all). Returns its log-sum-exp.
double attend_row(const AttentionCall& call, RowIndex row, std::span<const SeenKey> keys, int branch, double weight,
                  double* out) {
    const Problem& p = *call.problem;
    const auto* q = static_cast<const float*>(call.q) + query_offset(p, row.batch, row.query, row.head);
    const auto* k = static_cast<const float*>(call.k);
    const auto* v = static_cast<const float*>(call.v);
    const std::int64_t group = kv_head(p, row.head);
    std::vector<double> scores(keys.size());
    double largest = minus_infinity;
    for (std::size_t index = 0; index < keys.size(); ++index) {
        if (times_counted(keys[index], branch) == 0) continue;
        const float* key = k + key_offset(p, row.batch, keys[index].key, group);
        double score = 0;
        for (std::int64_t d = 0; d < p.head_dim; ++d) score += double(q[d]) * double(key[d]);
        scores[index] = score * softmax_scale(p);
        largest = std::max(largest, scores[index]);
    }
    if (largest == minus_infinity) return minus_infinity;
    double sum = 0;
    for (std::size_t index = 0; index < keys.size(); ++index)
        if (const int times = times_counted(keys[index], branch)) sum += times * std::exp(scores[index] - largest);
    for (std::size_t index = 0; index < keys.size(); ++index) {
        const int times = times_counted(keys[index], branch);
        if (times == 0) continue;
        const double share = weight * times * std::exp(scores[index] - largest) / sum;
        const float* value = v + key_offset(p, row.batch, keys[index].key, group);
        for (std::int64_t d = 0; d < p.head_dim; ++d) out[d] += share * double(value[d]);
    }
    return largest + std::log(sum);
}

// fkodom's denominators: Σ over the sequence of each branch's output, (branches, D), for one batch element and head.
std::vector<double> sequence_sums(const AttentionCall& call, std::int64_t batch, std::int64_t head) {
    const Problem& p = *call.problem;
    const int branch_total = branch_count(*call.pattern);
    std::vector<double> sums(std::size_t(branch_total * p.head_dim), 0.0);
    for (std::int64_t query = 0; query < p.seq_len; ++query) {
        const std::vector<SeenKey> keys = seen_keys(*call.pattern, p, head, query);
        for (int branch = 0; branch < branch_total; ++branch)
            attend_row(call, {batch, head, query}, keys, branch, 1, sums.data() + branch * p.head_dim);
    }
    return sums;
}

// A row under the pattern's mix. `sums` is only read for fkodom. `out` starts at zero. Returns the joint log-sum-exp.
double mix_row(const AttentionCall& call, RowIndex row, std::span<const SeenKey> keys, std::span<const double> sums,
               double* out) {
    const MixMode mix = mix_mode(*call.pattern);
    if (is_joint_softmax(mix)) return attend_row(call, row, keys, joint, 1, out);
    const Problem& p = *call.problem;
    const int branch_total = branch_count(*call.pattern);
    std::vector<double> branch_out(std::size_t(p.head_dim));
    double lse = minus_infinity;
    for (int branch = 0; branch < branch_total; ++branch) {
        std::ranges::fill(branch_out, 0.0);
        const double branch_lse =
            attend_row(call, row, keys, branch, mix == MixMode::none ? 1.0 : 1.0 / branch_total, branch_out.data());
        if (branch_lse == minus_infinity) continue;
        for (std::int64_t d = 0; d < p.head_dim; ++d) {
            const double divisor = mix == MixMode::fkodom ? sums[std::size_t(branch * p.head_dim + d)] : 1.0;
            out[d] += branch_out[std::size_t(d)] / divisor;
        }
        const double larger = std::max(lse, branch_lse), smaller = std::min(lse, branch_lse);
        lse = larger + std::log1p(std::exp(smaller - larger));
    }
    return lse;
}

bool needs_sums(const AttentionCall& call) { return mix_mode(*call.pattern) == MixMode::fkodom; }

void forward_head(const AttentionCall& call, std::int64_t head) {
    const Problem& p = *call.problem;
    std::vector<std::vector<double>> sums(std::size_t(p.batch));
    if (needs_sums(call))
        for (std::int64_t batch = 0; batch < p.batch; ++batch)
            sums[std::size_t(batch)] = sequence_sums(call, batch, head);
#pragma omp parallel for schedule(dynamic, 16)
    for (std::int64_t query = 0; query < p.seq_len; ++query) {
        if (call.is_cancelled()) continue;
        const std::vector<SeenKey> keys = seen_keys(*call.pattern, p, head, query);
        for (std::int64_t batch = 0; batch < p.batch; ++batch) {
            std::vector<double> out(std::size_t(p.head_dim), 0.0);
            const double lse = mix_row(call, {batch, head, query}, keys, sums[std::size_t(batch)], out.data());
            std::ranges::copy(out, call.out + query_offset(p, batch, query, head));
            call.lse[lse_offset(p, batch, head, query)] = float(lse);
        }
    }
}

class ReferenceBackend final : public Backend {
public:
    std::string_view name() const override { return "reference"; }
    bool available() const override { return true; }
    std::string status() const override { return "float64, straight from the predicate"; }
    KernelChoice choose(const Problem& problem, const Pattern&, Direction direction) const override {
        if (direction == Direction::backward) return {"", "reference has no gradient yet"};
        if (problem.dtype != Dtype::f32)
            return {"", fmt::format("reference reads f32 tensors, not {}", enum_name(problem.dtype))};
        return {"reference f64", "the truth the others are checked against"};
    }
    Result<void> forward(const AttentionCall& call) override {
        for (std::int64_t head = 0; head < call.problem->heads; ++head) forward_head(call, head);
        if (call.is_cancelled()) return fail("reference: cancelled");
        return {};
    }
    Result<void> backward(const GradientCall&) override { return fail("reference has no gradient yet"); }
};

} // namespace

Backend& reference_backend() {
    static ReferenceBackend backend;
    return backend;
}

Result<void> reference_rows(const AttentionCall& call, std::span<const RowIndex> rows, double* out, double* lse) {
    const Problem& p = *call.problem;
    std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> sums; // by (batch, head)
    for (std::size_t index = 0; index < rows.size(); ++index) {
        if (call.is_cancelled()) return fail("reference: cancelled");
        const RowIndex row = rows[index];
        std::vector<double>& row_sums = sums[{row.batch, row.head}];
        if (needs_sums(call) && row_sums.empty()) row_sums = sequence_sums(call, row.batch, row.head);
        double* row_out = out + std::int64_t(index) * p.head_dim;
        std::fill_n(row_out, p.head_dim, 0.0);
        lse[index] = mix_row(call, row, seen_keys(*call.pattern, p, row.head, row.query), row_sums, row_out);
    }
    return {};
}

} // namespace dilascope
