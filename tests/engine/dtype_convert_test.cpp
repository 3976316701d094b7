#include "engine/dtype_convert.h"
#include "tests/catch.h"
#include <cmath>
#include <random>

using namespace dilascope;

TEST_CASE("every f16 and bf16 survives the way through f32", "[engine]") {
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = std::uint16_t(bits);
        const float from_f16 = f32_from_f16(half), from_bf16 = f32_from_bf16(half);
        const bool ok = (std::isnan(from_f16) ? std::isnan(f32_from_f16(f16_from_f32(from_f16)))
                                              : f16_from_f32(from_f16) == half) &&
                        (std::isnan(from_bf16) ? std::isnan(f32_from_bf16(bf16_from_f32(from_bf16)))
                                               : bf16_from_f32(from_bf16) == half);
        if (!ok) FAIL("bits " << bits);
    }
}

TEST_CASE("f16 values are what IEEE 754 says", "[engine]") {
    for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) { // from the definition, not from bit patterns of f32
        const int exponent = int(bits >> 10);
        const double mantissa = bits & 0x3ff;
        const double expected = exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024 + mantissa, exponent - 25);
        if (double(f32_from_f16(std::uint16_t(bits))) != expected ||
            double(f32_from_f16(std::uint16_t(bits | 0x8000))) != -expected)
            FAIL("bits " << bits);
    }
    CHECK(f32_from_f16(0x7c00) == INFINITY);
    CHECK(f32_from_f16(0xfc00) == -INFINITY);
    CHECK(std::isnan(f32_from_f16(0x7c01)));
    CHECK(std::isnan(f32_from_f16(0xffff)));
}

// The f16 or bf16 nearest to x, ties to the even one, by comparing exact distances in double.
template <class Widen> static std::uint16_t nearest(float x, std::uint16_t infinity, double past_largest, Widen widen) {
    const double magnitude = std::fabs(double(x));
    const auto value = [&](std::uint32_t bits) {
        return bits == infinity ? past_largest : double(widen(std::uint16_t(bits)));
    };
    std::uint32_t low = 0, high = infinity;
    while (high - low > 1) (value((low + high) / 2) <= magnitude ? low : high) = (low + high) / 2;
    const double below = magnitude - value(low), above = value(high) - magnitude;
    const std::uint32_t bits = below < above || (below == above && low % 2 == 0) ? low : high;
    return std::uint16_t(bits | (std::signbit(x) ? 0x8000 : 0));
}

TEST_CASE("narrowing rounds to nearest even, subnormals and overflow included", "[engine]") {
    std::mt19937 random(7);
    for (int trial = 0; trial < 200'000; ++trial) {
        auto bits = std::uint32_t(random());
        if (trial % 4 == 0) bits &= 0xfffff000;                                   // f16 ties
        if (trial % 4 == 1) bits = (bits & 0x80ffffff) | (102 + bits % 16) << 23; // around the f16 subnormals
        if (trial % 4 == 2) bits &= 0xffff8000;                                   // bf16 ties
        const float x = std::bit_cast<float>(bits);
        if (!std::isfinite(x)) continue;
        if (f16_from_f32(x) != nearest(x, 0x7c00, 65536, f32_from_f16)) FAIL("f16 of " << x);
        if (bf16_from_f32(x) != nearest(x, 0x7f80, 0x1p128, f32_from_bf16)) FAIL("bf16 of " << x);
    }
    for (const float x : {0x1p-25f, 0x1.000002p-25f, 0x1.8p-24f, 65504.0f, 65519.996f, 65520.0f, -0.0f, 1e-45f})
        CHECK(f16_from_f32(x) == nearest(x, 0x7c00, 65536, f32_from_f16));
    CHECK(f16_from_f32(INFINITY) == 0x7c00);
    CHECK(bf16_from_f32(-INFINITY) == 0xff80);
    CHECK(bf16_from_f32(3.4028235e38f) == 0x7f80); // rounds up to infinity
}

TEST_CASE("narrow_f32 writes each dtype", "[engine]") {
    const float values[] = {1.0f, -2.5f, 0x1.8p-24f};
    std::uint16_t halves[3];
    double doubles[3];
    narrow_f32(values, 3, Dtype::f16, halves);
    CHECK((halves[0] == 0x3c00 && halves[1] == 0xc100 && halves[2] == 0x0002));
    narrow_f32(values, 3, Dtype::bf16, halves);
    CHECK((halves[0] == 0x3f80 && halves[1] == 0xc020));
    narrow_f32(values, 3, Dtype::f64, doubles);
    CHECK((doubles[0] == 1.0 && doubles[1] == -2.5 && doubles[2] == 0x1.8p-24));
}
