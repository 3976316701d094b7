#pragma once
// One attention call with its own random tensors and poisoned outputs, for oracle tests.
#include "engine/backends/backend.h"
#include "tests/engine/random_pattern.h"
#include <cmath>
#include <limits>
#include <vector>

namespace dilascope {

// Standard normal values by Box–Muller over a mersenne twister: the same on every machine.
inline void fill_normal(std::vector<float>& values, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (float& value : values) {
        const double u = double((random() >> 11) + 1) * 0x1p-53,
                     angle = double(random() >> 11) * 0x1p-53 * 6.283185307179586;
        value = float(std::sqrt(-2 * std::log(u)) * std::cos(angle));
    }
}

struct AttentionCase {
    Problem problem;
    Pattern pattern;
    Plan plan;
    std::vector<float> q, k, v, out, lse;

    AttentionCase(const Pattern& pattern_in, const Problem& problem_in, std::uint64_t seed)
        : problem(problem_in), pattern(pattern_in), plan(make_plan(pattern_in, problem_in).value()),
          q(std::size_t(query_elements(problem))), k(std::size_t(key_elements(problem))), v(k.size()), out(q.size()),
          lse(std::size_t(lse_elements(problem))) {
        fill_normal(q, seed), fill_normal(k, seed + 1), fill_normal(v, seed + 2);
    }
    AttentionCall call() {
        const float poison = std::numeric_limits<float>::quiet_NaN();
        std::ranges::fill(out, poison), std::ranges::fill(lse, poison);
        return {&problem, &pattern, &plan, q.data(), k.data(), v.data(), out.data(), lse.data(), nullptr};
    }
};

// Worst excess of |value − truth| over abs + rel·|truth|; ≤ 0 when all agree. Infinities must match exactly; NaN never
// agrees.
inline double worst_excess(const std::vector<float>& values, const std::vector<float>& truth, double abs, double rel) {
    double worst = -abs;
    for (std::size_t index = 0; index < values.size(); ++index) {
        if (values[index] == truth[index]) continue;
        const double error = std::abs(double(values[index]) - double(truth[index]));
        if (!(error < std::numeric_limits<double>::infinity())) return std::numeric_limits<double>::infinity();
        worst = std::max(worst, error - abs - rel * std::abs(double(truth[index])));
    }
    return worst;
}

} // namespace dilascope
