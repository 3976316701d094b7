#include "engine/backends/reference.h"
#include "engine/backends/reference_gradient.h"
#include "engine/backends/reference_row.h"
#include "engine/infinity.h"
#include <algorithm>
#include <cmath>
#include <map>

namespace dilascope {

namespace {

// fkodom's denominators: Σ over the sequence of each branch's output, (branches, D), for one batch element and head.
std::vector<double> sequence_sums(const AttentionCall& call, std::int64_t batch, std::int64_t head) {
    const Problem& p = *call.problem;
    const int branch_total = branch_count(*call.pattern);
    std::vector<double> sums(std::size_t(branch_total * p.head_dim), 0.0);
    for (std::int64_t query = 0; query < p.seq_len && !call.is_cancelled(); ++query) {
        const std::vector<SeenKey> keys = seen_keys(*call.pattern, p, head, query);
        const ReferenceRow row = reference_row(call, {batch, head, query}, keys);
        for (int branch = 0; branch < branch_total; ++branch)
            add_values(call, row, row_softmax(row, branch), sums.data() + branch * p.head_dim);
    }
    return sums;
}

// A row under the pattern's mix. `sums` is only read for fkodom. `out` starts at zero. Returns the joint log-sum-exp.
double mix_row(const AttentionCall& call, RowIndex index, std::span<const SeenKey> keys, std::span<const double> sums,
               double* out) {
    const Problem& p = *call.problem;
    const MixMode mix = mix_mode(*call.pattern);
    const ReferenceRow row = reference_row(call, index, keys);
    if (is_joint_softmax(mix)) {
        const RowSoftmax softmax = row_softmax(row, joint_branches);
        add_values(call, row, softmax, out);
        return softmax.lse;
    }
    const int branch_total = branch_count(*call.pattern);
    double lse = minus_infinity;
    for (int branch = 0; branch < branch_total; ++branch) {
        const RowSoftmax softmax = row_softmax(row, branch);
        if (softmax.is_empty()) continue;
        std::vector<double> branch_out(std::size_t(p.head_dim), 0.0);
        add_values(call, row, softmax, branch_out.data());
        for (std::int64_t d = 0; d < p.head_dim; ++d) {
            double divisor = mix == MixMode::none ? 1.0 : branch_total;
            if (mix == MixMode::fkodom) divisor *= sums[std::size_t(branch * p.head_dim + d)];
            out[d] += branch_out[std::size_t(d)] / divisor;
        }
        const double larger = std::max(lse, softmax.lse), smaller = std::min(lse, softmax.lse);
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
    KernelChoice choose(const Problem& problem, const Pattern&, Direction) const override {
        if (problem.is_tf32) return {"", "reference multiplies in float64, not in tf32; use f32"};
        return {"reference f64", "the truth the others are checked against"};
    }
    Result<void> forward(const AttentionCall& call) override {
        for (std::int64_t head = 0; head < call.problem->heads; ++head) forward_head(call, head);
        if (call.is_cancelled()) return fail("reference: cancelled");
        return {};
    }
    Result<void> backward(const GradientCall& call) override { return reference_gradient(call); }
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
