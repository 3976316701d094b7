// Compiled with -ffp-contract=off (CMakeLists.txt): fused multiply-adds would change bits between processors.
#include "experiments/gaussian.h"
#include <array>
#include <cmath>

namespace dilascope {

namespace {

std::uint64_t mix(std::uint64_t bits) { // the finaliser of SplitMix64
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    return bits ^ bits >> 31;
}

double polynomial(const std::array<double, 8>& coefficients, double x) { // coefficients[0] + coefficients[1]·x + …
    double sum = coefficients[7];
    for (std::size_t power = 7; power-- > 0;) sum = sum * x + coefficients[power];
    return sum;
}

// Natural logarithm of a positive normal number, relative error below 1e-14.
double natural_log(double x) {
    int exponent = 0;
    double mantissa = std::frexp(x, &exponent); // exact, in [½, 1)
    if (mantissa < 0.70710678118654752) mantissa *= 2, --exponent;
    const double s = (mantissa - 1) / (mantissa + 1), s2 = s * s; // ln m = 2·(s + s³/3 + s⁵/5 + …), |s| ≤ 0.172
    double sum = 0;
    for (int odd = 17; odd >= 1; odd -= 2) sum = sum * s2 + 1.0 / odd;
    return exponent * 0.69314718055994531 + 2 * s * sum;
}

// AS 241, PPND16: numerators and denominators of the centre, the near and the far tail.
constexpr std::array centre_a = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                 1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                 3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr std::array centre_b = {1.0,
                                 4.2313330701600911252e+1,
                                 6.8718700749205790830e+2,
                                 5.3941960214247511077e+3,
                                 2.1213794301586595867e+4,
                                 3.9307895800092710610e+4,
                                 2.8729085735721942674e+4,
                                 5.2264952788528545610e+3};
constexpr std::array near_c = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                               3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array near_d = {1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
constexpr std::array far_e = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                              2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array far_f = {1.0,
                              5.99832206555887937690e-1,
                              1.36929880922735805310e-1,
                              1.48753612908506148525e-2,
                              7.86869131145613259100e-4,
                              1.84631831751005468180e-5,
                              1.42151175831644588870e-7,
                              2.04426310338993978564e-15};

} // namespace

double normal_quantile(double p) {
    const double q = p - 0.5;
    if (std::fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * polynomial(centre_a, r) / polynomial(centre_b, r);
    }
    const double r = std::sqrt(-natural_log(q < 0 ? p : 1 - p));
    const double tail = r <= 5 ? polynomial(near_c, r - 1.6) / polynomial(near_d, r - 1.6)
                               : polynomial(far_e, r - 5) / polynomial(far_f, r - 5);
    return q < 0 ? -tail : tail;
}

static float value_at(std::uint64_t key, std::uint64_t index) {
    const std::uint64_t bits = mix(key + (index + 1) * 0x9e3779b97f4a7c15) >> 12; // 52 bits: p is exact, never 0 or 1
    return float(normal_quantile((double(bits) + 0.5) * 0x1p-52));
}

static std::uint64_t stream_key(std::uint64_t seed, std::uint64_t stream) { return mix(mix(seed) + stream); }

float gaussian(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
    return value_at(stream_key(seed, stream), index);
}

void fill_gaussian(std::span<float> values, std::uint64_t seed, std::uint64_t stream, std::uint64_t first) {
    const std::uint64_t key = stream_key(seed, stream);
    const auto count = std::int64_t(values.size());
#pragma omp parallel for schedule(static) if (count > 1 << 14)
    for (std::int64_t index = 0; index < count; ++index)
        values[std::size_t(index)] = value_at(key, first + std::uint64_t(index));
}

} // namespace dilascope
