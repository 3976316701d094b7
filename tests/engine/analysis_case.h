#pragma once
// Random cases of the analyses, and what they must find, pair by pair from the predicate.
#include "engine/pattern/pattern_text.h"
#include "engine/plan/plan.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"
#include <optional>

namespace dilascope {

struct AnalysisCase {
    Pattern pattern;
    Plan plan;
    const Problem& problem() const { return plan.problem; }
    std::string text() const {
        const Problem& p = plan.problem;
        return to_text(pattern) + " N " + std::to_string(p.seq_len) + " M " + std::to_string(p.kv_len) + " H " +
               std::to_string(p.heads) + (p.causal ? " causal" : "");
    }
    int multiplicity_of(std::int64_t head, std::int64_t q, std::int64_t k) const {
        return multiplicity(pattern, plan.problem, head, q, k);
    }
};

inline AnalysisCase analysis_case(const std::string& text, const Problem& problem) {
    const Pattern pattern = parse_pattern(text).value();
    return {pattern, make_plan(pattern, problem).value()};
}

// Every kind the random patterns know, along curves, every mix of the dilated one (several passes, too); nothing when
// the draw was not valid.
inline std::optional<AnalysisCase> random_case(std::mt19937_64& random, const std::vector<std::int64_t>& lengths) {
    const Problem problem = random_problem(random, lengths);
    Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
    if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind); dilated && pick(random, 0, 2) == 0)
        dilated->mix = MixMode(pick(random, 0, 4));
    Result<Plan> plan = make_plan(pattern, problem);
    if (!plan) return std::nullopt;
    return AnalysisCase{pattern, std::move(*plan)};
}

// Calls check(case, head) for the valid ones of 140 random cases, with the case in the message; returns how many.
template <class Check> int for_each_random_case(std::mt19937_64& random, Check check) {
    int seen = 0;
    for (int trial = 0; trial < 140; ++trial) {
        const auto c = random_case(random, {1, 2, 5, 17, 64, 127, 200, 300});
        if (!c) continue;
        ++seen;
        INFO(c->text());
        check(*c, pick(random, 0, c->problem().heads - 1));
    }
    return seen;
}

} // namespace dilascope
