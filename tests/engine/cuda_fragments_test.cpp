// Products of f32 tensors: how exact they are in one and in three products of tf32 operands.
#include "engine/backends/cuda/fragments.cuh"
#include "engine/backends/cuda/kernel_entry.h"
#include "tests/catch.h"
#include "tests/simt/emulator.h"
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace dilascope {
namespace {

using namespace simt;

struct FragmentParams {
    const float* left = nullptr;  // (16, 16)
    const float* right = nullptr; // (16, 16)
    float* product = nullptr;     // (16, 16)
};

// left · right of one warp, from tiles stored as they are or both transposed.
template <class Element, bool is_transposed> KERNEL void product_kernel(const FragmentParams params) {
    using Operands = Fragments<Element>;
    using Tile = SharedTile<16, 4>;
    const Tile left{dynamic_shared()}, right{dynamic_shared() + Tile::bytes(16)};
    for (int at = lane(); at < 256; at += 32) {
        const int row = is_transposed ? at % 16 : at / 16, column = is_transposed ? at / 16 : at % 16;
        *reinterpret_cast<float*>(left.at(row, column)) = params.left[at];
        *reinterpret_cast<float*>(right.at(row, column)) = params.right[at];
    }
    barrier();
    float low[4] = {}, high[4] = {};
    for (int k = 0; k < 16; k += Operands::depth) {
        typename Operands::Left a;
        typename Operands::Right b;
        if constexpr (is_transposed) {
            Operands::load_left_transposed(a, left, k, 0, lane());
            Operands::load_right(b, right, 0, k, lane());
        } else {
            Operands::load_left(a, left, 0, k, lane());
            Operands::load_right_transposed(b, right, k, 0, lane());
        }
        Operands::multiply(low, high, a, b);
    }
    for (int index = 0; index < 4; ++index) {
        const int at = (lane() / 4 + index / 2 * 8) * 16 + lane() % 4 * 2 + index % 2;
        params.product[at] = low[index], params.product[at + 8] = high[index];
    }
}

template <class Element, bool is_transposed>
std::vector<float> product(const std::vector<float>& left, const std::vector<float>& right) {
    std::vector<float> result(256);
    REQUIRE(run(make_entry<product_kernel<Element, is_transposed>, FragmentParams>("product"), {{}, 32, 2048},
                FragmentParams{left.data(), right.data(), result.data()}));
    return result;
}

std::vector<float> random_matrix(unsigned seed, float magnitude) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, magnitude);
    std::vector<float> values(256);
    for (float& value : values) value = normal(random);
    return values;
}

// The largest error of an element, relative to the sum of its terms' sizes.
template <class Element, bool is_transposed> double worst_error(float magnitude) {
    const std::vector<float> left = random_matrix(1, magnitude), right = random_matrix(2, magnitude);
    const std::vector<float> sums = product<Element, is_transposed>(left, right);
    double worst = 0;
    for (std::size_t m = 0; m < 16; ++m)
        for (std::size_t n = 0; n < 16; ++n) {
            double sum = 0, size = 0;
            for (std::size_t k = 0; k < 16; ++k) {
                const double term = double(left[m * 16 + k]) * double(right[k * 16 + n]);
                sum += term, size += std::fabs(term);
            }
            worst = std::max(worst, std::fabs(double(sums[m * 16 + n]) - sum) / size); // fmax() breaks GCC 12 on ARM
        }
    return worst;
}

} // namespace

TEST_CASE("cuda's three tf32 products are as exact as f32", "[cuda]") {
    for (const float magnitude : {1.0f, 1e-10f, 1e15f}) {
        // Operands to 2⁻²³ each, without the product of low parts (2⁻²²); six sums of nine terms, each term cut off at
        // 2⁻²⁵ of the largest's power of two, and the sum at its last bit.
        constexpr double bound = 0x1p-21 + 6 * (9 * 0x1p-25 + 0x1p-23);
        CHECK(worst_error<F32, false>(magnitude) < bound);
        CHECK(worst_error<F32, true>(magnitude) < bound);
        CHECK(worst_error<TF32, false>(magnitude) < 0x1p-10);
        CHECK(worst_error<TF32, true>(magnitude) > bound);
    }
}

TEST_CASE("cuda's products of f32 tensors keep every not-a-number", "[cuda]") {
    for (const std::uint32_t bits : {0x7fc00000u, 0x7fffffffu, 0xffffffffu, 0x7f800001u}) {
        std::vector<float> left(256), right(256, 1.0f);
        left[3 * 16 + 5] = float_from_bits(bits);
        for (const std::vector<float>& sums : {product<F32, false>(left, right), product<TF32, false>(left, right)})
            for (std::size_t at = 0; at < 256; ++at) CHECK((at / 16 == 3 ? std::isnan(sums[at]) : sums[at] == 0));
    }
}

} // namespace dilascope
