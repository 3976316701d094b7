#include "engine/backends/merge.h"
#include "engine/plan/plan.h"
#include <algorithm>

namespace dilascope {

MergeRule merge_rule(const Plan& plan, int branch_count) {
    switch (plan.mix) {
    case MixMode::mean:
    case MixMode::fkodom: return {MergeRule::add, 1.0f / float(branch_count)};
    case MixMode::none: return {MergeRule::add, 1.0f};
    case MixMode::softmax:
    case MixMode::softmax_stopgrad: break;
    }
    return {plan.pass_count > 1 ? MergeRule::log_sum_exp : MergeRule::replace, 1.0f};
}

void merge_row(MergeRule rule, const float* pass_out, float pass_lse, std::int64_t head_dim, float* out, float* lse) {
    if (pass_lse == minus_infinity && rule.kind != MergeRule::replace) return; // the pass saw no key of this row
    const RowMerge merge = merge_weights(rule, *lse, pass_lse);
    *lse = merge.joint;
    if (rule.kind == MergeRule::replace) {
        std::copy_n(pass_out, head_dim, out); // of a row without a key: 0
        return;
    }
    const float keep = merge.keep, weight = merge.weight;
#pragma omp simd
    for (std::int64_t d = 0; d < head_dim; ++d) out[d] = keep * out[d] + weight * pass_out[d];
}

} // namespace dilascope
