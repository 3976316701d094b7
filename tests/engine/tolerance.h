#pragma once
// What a fast path may differ from the float64 reference, per element type of q, k and v. Both read the same elements,
// so their own rounding is in neither; what remains is the arithmetic's.
#include "engine/dropout.h"
#include "engine/problem.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace dilascope {

struct Tolerance {
    double out, lse, gradient; // absolute and relative
};

constexpr Tolerance tolerance_of(Dtype dtype) {
    switch (dtype) {
    // Sums of up to 1024 terms of size 1 in f32 lose less than 1e-5; a gradient is a sum of products of such sums.
    case Dtype::f32: return {1e-5, 1e-5, 2e-5};
    // Scores are f32 sums of exact products, so lse is as with f32. Weights, dout and dscore may be rounded to 11 bits
    // before they multiply: 2⁻¹² of terms whose sum is of size 1 to 4, and in a gradient 2⁻¹² of |dout|·|v| over D.
    case Dtype::f16: return {1e-3, 1e-5, 5e-3};
    // The same with 8 bits. (Weights, dout and dscore rounded in plain loops were off by 2.5e-3 and 2e-2 at most.)
    case Dtype::bf16: return {8e-3, 1e-5, 4e-2};
    // Only the reference reads it: what is left is the rounding of its f32 outputs.
    case Dtype::f64: break;
    }
    return {1e-6, 1e-6, 1e-6};
}

// Dropout multiplies what it keeps, and so the rounding errors of all but lse.
inline Tolerance tolerance_of(Dtype dtype, const Dropout& dropout) {
    Tolerance tolerance = tolerance_of(dtype);
    tolerance.out *= double(dropout.keep_scale()), tolerance.gradient *= double(dropout.keep_scale());
    return tolerance;
}

// The same; and where products round f32 to tf32's 11 bits, also q and k: scores err by 2⁻¹² · √2 of |q|·|k| / √D, and
// lse as they do.
inline Tolerance tolerance_of(const Problem& problem, const Dropout& dropout) {
    Tolerance tolerance = tolerance_of(problem.is_tf32 ? Dtype::f16 : problem.dtype, dropout);
    if (problem.is_tf32) tolerance.lse = 2e-3, tolerance.out *= 2;
    return tolerance;
}

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

// The same for a gradient. How many terms an element sums depends on how many rows see its key; errors grow as the
// values themselves do, with the root of that number, so the absolute part follows the tensor's root mean square.
inline double worst_gradient_excess(const std::vector<float>& values, const std::vector<float>& truth,
                                    double tolerance) {
    double squares = 0;
    for (const float value : truth) squares += double(value) * double(value);
    const double size = std::max(1.0, std::sqrt(squares / double(truth.size())));
    return worst_excess(values, truth, tolerance * size, tolerance);
}

} // namespace dilascope
