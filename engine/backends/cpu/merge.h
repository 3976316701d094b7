#pragma once
// How the output of one tile enters the rows of the call: as it is, added, or merged by log-sum-exp with earlier
// passes.
#include "engine/plan/plan.h"

namespace dilascope {

struct MergeRule {
    enum Kind {
        replace,     // the row's only pass
        add,         // out += weight · branch output
        log_sum_exp, // the joint softmax of both passes' keys
    } kind = replace;
    float weight = 1;
};

// The rule of a plan's mix. fkodom's branch outputs are first divided by their sum over the sequence, so it is not
// here.
MergeRule merge_rule(const Plan& plan, int branch_count);

// One row's pass, (D) and its LSE, into the call's row. Rows start as 0 and −inf.
void merge_row(MergeRule rule, const float* pass_out, float pass_lse, std::int64_t head_dim, float* out, float* lse);

} // namespace dilascope
