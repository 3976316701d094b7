#include "engine/backends/cpu/merge.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace dilascope {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

// ln(exp(a) + exp(b)) without overflow; −inf is the empty sum.
double log_sum_exp(double a, double b) {
    if (a == minus_infinity) return b;
    if (b == minus_infinity) return a;
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b))); // NaN where either is
}

} // namespace

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
    if (pass_lse == minus_infinity) return; // the pass saw no key of this row
    float keep = 0, weight = rule.weight;
    if (rule.kind != MergeRule::replace) {
        const double joint = log_sum_exp(*lse, pass_lse);
        keep = rule.kind == MergeRule::add ? 1.0f : float(std::exp(*lse - joint));
        if (rule.kind == MergeRule::log_sum_exp) weight = float(std::exp(pass_lse - joint));
        *lse = float(joint);
        for (std::int64_t d = 0; d < head_dim; ++d) out[d] = keep * out[d] + weight * pass_out[d];
        return;
    }
    *lse = pass_lse;
    std::copy_n(pass_out, head_dim, out);
}

} // namespace dilascope
