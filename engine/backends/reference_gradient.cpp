#include "engine/backends/reference_gradient.h"
#include "engine/backends/reference_row.h"
#include "engine/dtype_convert.h"
#include <algorithm>
#include <cmath>

namespace dilascope {

namespace {

AttentionCall forward_of(const GradientCall& call) {
    AttentionCall forward;
    forward.problem = call.problem, forward.pattern = call.pattern;
    forward.q = call.q, forward.k = call.k, forward.v = call.v;
    forward.cancel = call.cancel, forward.dropout = call.dropout;
    return forward;
}

// What the query heads of one batch element and key head add up.
struct GroupGradient {
    AttentionCall forward;
    std::vector<double> dk, dv; // (M,D); empty when not wanted
};

// One softmax of a row, given the gradient of its output; adds to dq (D) and to the group's dk and dv.
void add_softmax(GroupGradient& group, const ReferenceRow& row, const RowSoftmax& softmax,
                 std::span<const double> doutput, std::span<double> dq) {
    const AttentionCall& forward = group.forward;
    std::vector<double> element(row.q.size()); // of k or v
    // pass 1: the weights' gradients and their mean under the softmax, the Δ of the row
    std::vector<double> dweights(row.keys.size(), 0.0);
    double mean = 0;
    for (std::size_t index = 0; index < row.keys.size(); ++index) {
        if (softmax.weights[index] == 0) continue;
        read_key(forward, row, row.keys[index], forward.v, element);
        dweights[index] = row.kept[index] * dot(doutput, element);
        mean += softmax.weights[index] * dweights[index];
    }
    // pass 2: dscore = weight · (dweight − mean), passed on to q, k and v
    for (std::size_t index = 0; index < row.keys.size(); ++index) {
        if (softmax.weights[index] == 0) continue;
        read_key(forward, row, row.keys[index], forward.k, element);
        const double dproduct = softmax_scale(*forward.problem) * softmax.weights[index] * (dweights[index] - mean);
        const double weight = softmax.weights[index] * row.kept[index];
        for (std::size_t d = 0; d < element.size(); ++d) dq[d] += dproduct * element[d];
        if (group.dk.empty()) continue;
        double* const dk = group.dk.data() + row.keys[index].key * forward.problem->head_dim;
        double* const dv = group.dv.data() + row.keys[index].key * forward.problem->head_dim;
        for (std::size_t d = 0; d < element.size(); ++d) {
            dk[d] += dproduct * row.q[d];
            dv[d] += weight * doutput[d];
        }
    }
}

// fkodom: by branch, sums over the sequence of one batch element and head, (branches, D).
struct SequenceSums {
    std::vector<double> out;      // Σ_n o_b
    std::vector<double> out_dout; // Σ_n o_b·dout
};

SequenceSums sequence_sums(const AttentionCall& forward, const float* dout, std::int64_t batch, std::int64_t head) {
    const Problem& p = *forward.problem;
    const auto head_dim = std::size_t(p.head_dim);
    const int branch_total = branch_count(*forward.pattern);
    SequenceSums sums;
    sums.out.assign(std::size_t(branch_total) * head_dim, 0.0), sums.out_dout = sums.out;
    for (std::int64_t query = 0; query < p.seq_len && !forward.is_cancelled(); ++query) {
        const std::vector<SeenKey> keys = seen_keys(*forward.pattern, p, head, query);
        const ReferenceRow row = reference_row(forward, {batch, head, query}, keys);
        const float* row_dout = dout + query_offset(p, batch, query, head);
        for (int branch = 0; branch < branch_total; ++branch) {
            std::vector<double> out(head_dim, 0.0);
            add_values(forward, row, row_softmax(row, branch), out.data());
            for (std::size_t d = 0; d < head_dim; ++d) {
                sums.out[std::size_t(branch) * head_dim + d] += out[d];
                sums.out_dout[std::size_t(branch) * head_dim + d] += out[d] * double(row_dout[d]);
            }
        }
    }
    return sums;
}

// One row under the pattern's mix: each of its softmaxes with the gradient that the mix passes down to it.
void add_row(GroupGradient& group, const ReferenceRow& row, std::span<const float> dout, const SequenceSums& sums,
             std::span<double> dq) {
    const Pattern& pattern = *group.forward.pattern;
    const MixMode mix = mix_mode(pattern);
    const RowSoftmax joint = row_softmax(row, joint_branches);
    std::vector<double> doutput(dout.begin(), dout.end());
    if (mix == MixMode::softmax) return add_softmax(group, row, joint, doutput, dq);
    const int branch_total = branch_count(pattern);
    for (int branch = 0; branch < branch_total; ++branch) {
        const RowSoftmax softmax = row_softmax(row, branch);
        if (softmax.is_empty()) continue;
        double share = 1;
        if (mix == MixMode::softmax_stopgrad) share = std::exp(softmax.lse - joint.lse);
        if (mix == MixMode::mean || mix == MixMode::fkodom) share = 1.0 / branch_total;
        for (std::size_t d = 0; d < dout.size(); ++d) {
            doutput[d] = share * double(dout[d]);
            if (mix != MixMode::fkodom) continue;
            const std::size_t sum = std::size_t(branch) * dout.size() + d;
            doutput[d] = share * (double(dout[d]) - sums.out_dout[sum] / sums.out[sum]) / sums.out[sum];
        }
        add_softmax(group, row, softmax, doutput, dq);
    }
}

// Writes dq of the query heads that read a key head, and that head's dk and dv: what no other task writes.
void write_group(const GradientCall& call, std::int64_t batch, std::int64_t kv_head) {
    const Problem& p = *call.problem;
    const auto key_values = std::size_t(p.kv_len * p.head_dim);
    GroupGradient group{forward_of(call), std::vector<double>(key_values), std::vector<double>(key_values)};
    const std::int64_t sharing = p.heads / p.kv_heads;
    for (std::int64_t head = kv_head * sharing; head < (kv_head + 1) * sharing; ++head) {
        SequenceSums sums;
        if (mix_mode(*call.pattern) == MixMode::fkodom) sums = sequence_sums(group.forward, call.dout, batch, head);
        for (std::int64_t query = 0; query < p.seq_len; ++query) {
            if (call.is_cancelled()) return;
            const std::vector<SeenKey> keys = seen_keys(*call.pattern, p, head, query);
            const ReferenceRow row = reference_row(group.forward, {batch, head, query}, keys);
            const std::int64_t at = query_offset(p, batch, query, head);
            std::vector<double> dq(std::size_t(p.head_dim), 0.0);
            add_row(group, row, {call.dout + at, dq.size()}, sums, dq);
            std::ranges::copy(dq, call.dq + at);
        }
    }
    for (std::int64_t key = 0; key < p.kv_len; ++key) {
        const std::int64_t from = key * p.head_dim, to = key_offset(p, batch, key, kv_head);
        std::copy_n(group.dk.data() + from, p.head_dim, call.dk + to);
        std::copy_n(group.dv.data() + from, p.head_dim, call.dv + to);
    }
}

} // namespace

Result<void> reference_gradient(const GradientCall& call) {
    const Problem& p = *call.problem;
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (std::int64_t batch = 0; batch < p.batch; ++batch)
        for (std::int64_t kv_head = 0; kv_head < p.kv_heads; ++kv_head) write_group(call, batch, kv_head);
    if (call.is_cancelled()) return fail("reference: cancelled");
    return {};
}

void reference_gradient_rows(const GradientCall& call, std::span<const RowIndex> rows, double* dq) {
    const Problem& p = *call.problem;
    const auto count = std::int64_t(rows.size());
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t index = 0; index < count; ++index) {
        if (call.is_cancelled()) continue;
        const RowIndex at = rows[std::size_t(index)];
        GroupGradient group{forward_of(call), {}, {}};
        const std::vector<SeenKey> keys = seen_keys(*call.pattern, p, at.head, at.query);
        const ReferenceRow row = reference_row(group.forward, at, keys);
        const std::span<double> to(dq + index * p.head_dim, std::size_t(p.head_dim));
        std::ranges::fill(to, 0.0);
        add_row(group, row, {call.dout + query_offset(p, at.batch, at.query, at.head), to.size()}, {}, to);
    }
}

namespace {

// What one row adds to the key that it sees `times` times: to dk and dv, (D) each.
void add_to_key(const GradientCall& call, const ReferenceRow& row, int times, std::span<const double> value,
                std::span<double> dk, std::span<double> dv) {
    const Problem& p = *call.problem;
    const RowIndex at = row.index;
    const std::int64_t first = query_offset(p, at.batch, at.query, at.head);
    double dvalue = 0, delta = 0;
    for (std::size_t d = 0; d < dk.size(); ++d) {
        dvalue += double(call.dout[first + std::int64_t(d)]) * value[d];
        delta += double(call.dout[first + std::int64_t(d)]) * double(call.out[first + std::int64_t(d)]);
    }
    const double lse = call.lse[lse_offset(p, at.batch, at.head, at.query)];
    const double weight = times * std::exp(row.scores.front() - lse), kept = row.kept.front();
    const double dproduct = softmax_scale(p) * weight * (kept * dvalue - delta);
    for (std::size_t d = 0; d < dk.size(); ++d) {
        dk[d] += dproduct * row.q[d];
        dv[d] += weight * kept * double(call.dout[first + std::int64_t(d)]);
    }
}

} // namespace

void reference_gradient_keys(const GradientCall& call, std::span<const KeyIndex> keys, double* dk, double* dv) {
    const Problem& p = *call.problem;
    const AttentionCall forward = forward_of(call);
    const auto count = std::int64_t(keys.size());
    const std::int64_t sharing = p.heads / p.kv_heads;
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t index = 0; index < count; ++index) {
        const KeyIndex at = keys[std::size_t(index)];
        const std::span<double> to_k(dk + index * p.head_dim, std::size_t(p.head_dim));
        const std::span<double> to_v(dv + index * p.head_dim, std::size_t(p.head_dim));
        std::ranges::fill(to_k, 0.0), std::ranges::fill(to_v, 0.0);
        std::vector<double> value(std::size_t(p.head_dim));
        widen_to_f64(call.v, p.dtype, key_offset(p, at.batch, at.key, at.kv_head), p.head_dim, value.data());
        for (std::int64_t head = at.kv_head * sharing; head < (at.kv_head + 1) * sharing; ++head)
            for (std::int64_t query = 0; query < p.seq_len && !call.is_cancelled(); ++query) {
                const BranchSet set = branches(*call.pattern, p, head, query, at.key);
                if (!set) continue;
                const SeenKey seen{at.key, set, multiplicity(*call.pattern, set)};
                const ReferenceRow row = reference_row(forward, {at.batch, head, query}, {&seen, 1});
                add_to_key(call, row, seen.times, value, to_k, to_v);
            }
    }
}

} // namespace dilascope
