#include "engine/backends/merge.h"
#include "engine/plan/plan.h"

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
    if (pass_lse == -std::numeric_limits<float>::infinity()) return; // the pass saw no key of this row
    const RowMerge merge = merge_weights(rule, *lse, pass_lse);
    *lse = merge.joint;
    if (rule.kind == MergeRule::replace)
        for (std::int64_t d = 0; d < head_dim; ++d) out[d] = pass_out[d];
    else
        for (std::int64_t d = 0; d < head_dim; ++d) out[d] = merge.keep * out[d] + merge.weight * pass_out[d];
}

} // namespace dilascope
