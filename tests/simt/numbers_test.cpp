// Conversions and approximations of the device.
#include "engine/backends/cuda/simt.cuh"
#include "engine/dtype_convert.h"
#include "tests/catch.h"
#include <cmath>
#include <limits>

namespace dilascope {

TEST_CASE("emulator: pack rounds to nearest even and puts the first value low", "[simt]") {
    CHECK(simt::pack<simt::F16>(1.0f, -2.0f) == 0xc0003c00);
    CHECK(simt::pack<simt::BF16>(1.0f, -2.0f) == 0xc0003f80);
    CHECK(simt::pack<simt::F16>(1.0f + 0x1p-11f, 1.0f + 0x3p-11f) == 0x3c023c00); // ties
    CHECK(simt::pack<simt::BF16>(1.0f + 0x1p-8f, 1.0f + 0x3p-8f) == 0x3f823f80);
    CHECK(simt::pack<simt::F16>(65519.0f, 65520.0f) == 0x7c007bff);
    CHECK(simt::pack<simt::F16>(NAN, INFINITY) == 0x7c007fff);
    CHECK(simt::pack<simt::BF16>(NAN, -INFINITY) == 0xff807fff);
    CHECK(simt::pack<simt::F16>(0x1p-24f, -0.0f) == 0x80000001);
}

TEST_CASE("emulator: tf32 rounds to nearest, ties away from zero", "[simt]") {
    const auto rounded = [](float value) { return simt::float_from_bits(simt::tf32_bits(value)); };
    CHECK(rounded(1) == 1);
    CHECK(rounded(1 + 0x1p-11f) == 1 + 0x1p-10f);
    CHECK(rounded(-1 - 0x1p-11f) == -1 - 0x1p-10f);
    CHECK(rounded(1 + 0x1.8p-12f) == 1);
    CHECK(std::isnan(rounded(NAN)));
    CHECK(rounded(-INFINITY) == -INFINITY);
    CHECK(rounded(std::numeric_limits<float>::max()) == INFINITY);
}

TEST_CASE("emulator: approximations flush subnormals and know infinities", "[simt]") {
    CHECK(simt::exp2_approx(3) == 8);
    CHECK(simt::exp2_approx(-INFINITY) == 0);
    CHECK(simt::exp2_approx(-126) == 0x1p-126f);
    CHECK(simt::exp2_approx(-126.5f) == 0);
    CHECK(simt::exp2_approx(128) == INFINITY);
    CHECK(std::isnan(simt::exp2_approx(NAN)));
    CHECK(simt::log2_approx(8) == 3);
    CHECK(simt::log2_approx(0) == -INFINITY);
    CHECK(simt::log2_approx(0x1p-130f) == -INFINITY);
    CHECK(simt::reciprocal_approx(4) == 0.25f);
    CHECK(simt::reciprocal_approx(0x1p-130f) == INFINITY);
    CHECK(simt::reciprocal_approx(0x1p127f) == 0);
}

} // namespace dilascope
