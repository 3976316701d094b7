#pragma once
// How the rows of one pass enter the rows of the call: as they are, added, or merged by log-sum-exp with earlier
// passes.
#include "engine/backends/cuda/device_code.h"
#include "engine/infinity.h"
#include <cmath>
#include <cstdint>

namespace dilascope {

struct Plan;

struct MergeRule {
    enum Kind : std::int32_t {
        replace,     // the row's only pass
        add,         // out += weight · branch output
        log_sum_exp, // the joint softmax of both passes' keys
    } kind = replace;
    float weight = 1;
};

// The rule of a plan's mix. fkodom's branch outputs are first divided by their sum over the sequence, so it is not
// here.
MergeRule merge_rule(const Plan& plan, int branch_count);

// One row's merge: out becomes keep·out + weight·(the pass's output), lse becomes joint.
struct RowMerge {
    float keep = 0, weight = 1, joint = 0;
};

// A row whose lse so far is `lse` (−∞: nothing yet) and that of the pass `pass_lse` (−∞: it saw no key).
HOST_DEVICE RowMerge merge_weights(MergeRule rule, float lse, float pass_lse) {
    if (rule.kind == MergeRule::replace) return {0, rule.weight, pass_lse};
    if (pass_lse == minus_infinity) return {1, 0, lse};
    // ln(exp(lse) + exp(pass_lse)) without overflow
    const double larger = lse > pass_lse ? lse : pass_lse, smaller = lse > pass_lse ? pass_lse : lse;
    const double joint = lse == minus_infinity ? double(pass_lse) : larger + std::log1p(std::exp(smaller - larger));
    if (rule.kind == MergeRule::add) return {1, rule.weight, float(joint)};
    return {float(std::exp(double(lse) - joint)), float(std::exp(double(pass_lse) - joint)), float(joint)};
}

// One row's pass, (D) and its LSE, into the call's row. Rows start as 0 and −∞.
void merge_row(MergeRule rule, const float* pass_out, float pass_lse, std::int64_t head_dim, float* out, float* lse);

} // namespace dilascope
