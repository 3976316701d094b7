// Matrix products and operand loads against plain ones. The layouts stand here as the PTX ISA prints them (sections on
// mma.m16n8k16, mma.m16n8k8 and ldmatrix), by element and not by register, apart from the emulator's own.
#include "engine/backends/cuda/simt.cuh"
#include "engine/dtype_convert.h"
#include "tests/catch.h"
#include "tests/simt/every_order.h"
#include <cmath>
#include <random>
#include <vector>

namespace dilascope {
namespace {

using namespace simt;

struct ProductParams {
    const float* a = nullptr; // (16, K)
    const float* b = nullptr; // (K, 8)
    float* c = nullptr;       // (16, 8), added to
};

// 16-bit elements a0 … a7, b0 … b3.
struct PairLayout {
    static constexpr int depth = 16;
    static int a_row(int index, int group) { return index < 2 || (4 <= index && index < 6) ? group : group + 8; }
    static int a_column(int index, int in_group) { return in_group * 2 + (index & 1) + (index < 4 ? 0 : 8); }
    static int b_row(int index, int in_group) { return in_group * 2 + (index & 1) + (index < 2 ? 0 : 8); }
};
// 32-bit elements a0 … a3, b0 and b1.
struct SingleLayout {
    static constexpr int depth = 8;
    static int a_row(int index, int group) { return index == 0 || index == 2 ? group : group + 8; }
    static int a_column(int index, int in_group) { return index < 2 ? in_group : in_group + 4; }
    static int b_row(int index, int in_group) { return index == 0 ? in_group : in_group + 4; }
};

template <class Element> KERNEL void product_kernel(const ProductParams params) {
    constexpr bool is_pair = !std::is_same_v<Element, TF32>;
    using Layout = std::conditional_t<is_pair, PairLayout, SingleLayout>;
    const int group = lane() >> 2, in_group = lane() % 4;
    const auto a = [&](int index) {
        return params.a[Layout::a_row(index, group) * Layout::depth + Layout::a_column(index, in_group)];
    };
    const auto b = [&](int index) { return params.b[Layout::b_row(index, in_group) * 8 + group]; };
    const auto bits = [&](auto element, int index) {
        if constexpr (is_pair)
            return pack<Element>(element(2 * index), element(2 * index + 1));
        else
            return bits_from_float(element(index)); // bits below tf32 are there and must not count
    };
    const std::uint32_t a_bits[4] = {bits(a, 0), bits(a, 1), bits(a, 2), bits(a, 3)};
    const std::uint32_t b_bits[2] = {bits(b, 0), bits(b, 1)};
    const auto c_at = [&](int index) { return ((index < 2 ? group : group + 8) * 8) + in_group * 2 + (index & 1); };
    float c[4];
    for (int index = 0; index < 4; ++index) c[index] = params.c[c_at(index)];
    multiply_add<Element>(c, a_bits, b_bits);
    for (int index = 0; index < 4; ++index) params.c[c_at(index)] = c[index];
}

template <class Element> float as_operand(float value) {
    if constexpr (std::is_same_v<Element, F16>) return f32_from_f16(f16_from_f32(value));
    if constexpr (std::is_same_v<Element, BF16>) return f32_from_bf16(bf16_from_f32(value));
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) >> 13 << 13);
}

template <class Element> void check_product(float magnitude) {
    constexpr int depth = std::is_same_v<Element, TF32> ? 8 : 16;
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, magnitude);
    std::vector<float> a(16 * depth), b(depth * 8), c(16 * 8);
    for (auto* values : {&a, &b, &c})
        for (float& value : *values) value = normal(random);
    const KernelEntry kernel = make_entry<product_kernel<Element>, ProductParams>("product");
    for (const RunOptions& options : every_order) {
        std::vector<float> sums = c;
        const auto counts = run(kernel, {}, ProductParams{a.data(), b.data(), sums.data()}, options);
        REQUIRE(counts);
        CHECK(counts->multiply_adds == 1);
        for (int m = 0; m < 16; ++m)
            for (int n = 0; n < 8; ++n) {
                double expected = c[std::size_t(m * 8 + n)], scale = std::fabs(expected);
                for (int k = 0; k < depth; ++k) {
                    const double product = double(as_operand<Element>(a[std::size_t(m * depth + k)])) *
                                           double(as_operand<Element>(b[std::size_t(k * 8 + n)]));
                    expected += product, scale += std::fabs(product);
                }
                INFO("m " << m << ", n " << n);
                CHECK(std::fabs(sums[std::size_t(m * 8 + n)] - expected) <= 17 * 0x1p-24 * scale);
            }
    }
}

// c and `products` added by one product of matrices.
template <class Element> float sum_of(float c, const std::vector<float>& products) {
    constexpr std::size_t depth = std::is_same_v<Element, TF32> ? 8 : 16;
    std::vector<float> a(16 * depth), b(depth * 8), sums(16 * 8);
    sums[0] = c;
    for (std::size_t k = 0; k < products.size(); ++k) a[k] = products[k] * 0x1p12f, b[k * 8] = 0x1p-12f;
    REQUIRE(run(make_entry<product_kernel<Element>, ProductParams>("product"), {},
                ProductParams{a.data(), b.data(), sums.data()}));
    return sums[0];
}

template <class Element> void check_cuts() {
    constexpr float ulp = 0x1p-23f;
    for (const float sign : {1.0f, -1.0f}) {
        CHECK(sum_of<Element>(sign, {sign * 0.75f * ulp}) == sign);
        CHECK(sum_of<Element>(sign, {sign * 0.5f * ulp, sign * 0.5f * ulp}) == sign * (1 + ulp));
        CHECK(sum_of<Element>(sign, std::vector<float>(8, sign * 0.125f * ulp)) == sign); // 8 cut to nothing
        CHECK(sum_of<Element>(sign, {sign * -0.25f * ulp}) == sign * (1 - 0.5f * ulp));   // below 1 ulps are half
        CHECK(sum_of<Element>(sign, {sign * -0.125f * ulp}) == sign);
        CHECK(sum_of<Element>(0, {sign, sign * 0.75f * ulp}) == sign);
    }
    CHECK(sum_of<Element>(0, {}) == 0);
}

struct LoadParams {
    std::uint32_t* registers = nullptr; // (32, count)
    int row_step = 16;                  // bytes between the rows of a matrix
};

// Row r of matrix m holds the elements 64·m + 8·r + column.
template <int count, bool is_transposed> KERNEL void load_kernel(const LoadParams params) {
    std::byte* shared = dynamic_shared();
    auto* row = reinterpret_cast<std::uint16_t*>(shared + lane() * params.row_step);
    for (int column = 0; column < 8; ++column) row[column] = std::uint16_t(lane() * 8 + column);
    barrier();
    std::uint32_t registers[count];
    const void* address = lane() < count * 8 ? row : nullptr; // addresses of other lanes do not count
    if constexpr (count == 4 && is_transposed) load_matrix_x4_transposed(registers, address);
    if constexpr (count == 4 && !is_transposed) load_matrix_x4(registers, address);
    if constexpr (count == 2 && is_transposed) load_matrix_x2_transposed(registers, address);
    if constexpr (count == 2 && !is_transposed) load_matrix_x2(registers, address);
    for (int matrix = 0; matrix < count; ++matrix) params.registers[lane() * count + matrix] = registers[matrix];
}

template <int count, bool is_transposed> void check_load() {
    const KernelEntry kernel = make_entry<load_kernel<count, is_transposed>, LoadParams>("load");
    for (const RunOptions& options : every_order) {
        std::vector<std::uint32_t> registers(32 * count);
        REQUIRE(run(kernel, {{}, 32, 512}, LoadParams{registers.data()}, options));
        for (int lane = 0; lane < 32; ++lane)
            for (int matrix = 0; matrix < count; ++matrix) {
                // "thread 0 holds row 0, columns 0 and 1; thread 4 row 1"; with .trans of the transposed matrix
                std::uint32_t halves[2];
                for (int half = 0; half < 2; ++half) {
                    const int row = lane / 4, column = lane % 4 * 2 + half;
                    halves[half] = std::uint32_t(64 * matrix + (is_transposed ? 8 * column + row : 8 * row + column));
                }
                INFO("lane " << lane << ", matrix " << matrix);
                CHECK(registers[std::size_t(lane * count + matrix)] == (halves[0] | halves[1] << 16));
            }
    }
}

} // namespace

TEST_CASE("emulator: matrix products follow the fragment layouts of the PTX ISA", "[simt]") {
    check_product<F16>(1);
    check_product<BF16>(1);
    check_product<TF32>(1);
    check_product<F16>(1e-4f); // some operands are subnormal
    check_product<BF16>(1e15f);
    check_product<TF32>(1e15f);
}

TEST_CASE("emulator: matrix products cut terms and sums off towards zero", "[simt]") {
    check_cuts<F16>();
    check_cuts<BF16>();
    check_cuts<TF32>();
}

TEST_CASE("emulator: not-a-numbers and infinities pass through matrix products", "[simt]") {
    for (const float special : {INFINITY, -INFINITY, NAN}) {
        std::vector<float> a(256), b(128, 1), c(128);
        a[3 * 16 + 5] = special;
        REQUIRE(run(make_entry<product_kernel<F16>, ProductParams>("product"), {},
                    ProductParams{a.data(), b.data(), c.data()}));
        for (int m = 0; m < 16; ++m)
            for (int n = 0; n < 8; ++n) {
                const float sum = c[std::size_t(m * 8 + n)];
                CHECK((m != 3 ? sum == 0 : std::isnan(special) ? std::isnan(sum) : sum == special));
            }
    }
}

TEST_CASE("emulator: load_matrix hands out matrices as ldmatrix does", "[simt]") {
    check_load<4, false>();
    check_load<4, true>();
    check_load<2, false>();
    check_load<2, true>();
}

TEST_CASE("emulator: bank conflicts of load_matrix are counted", "[simt]") {
    std::vector<std::uint32_t> registers(128);
    const KernelEntry kernel = make_entry<load_kernel<4, false>, LoadParams>("load");
    const auto wavefronts = [&](int row_step) {
        const auto counts = run(kernel, {{}, 32, 32 * row_step}, LoadParams{registers.data(), row_step});
        REQUIRE(counts);
        CHECK(counts->matrix_loads == 4);
        return counts->matrix_wavefronts;
    };
    CHECK(wavefronts(16) == 4);
    CHECK(wavefronts(144) == 4); // 128 bytes and a chunk
    CHECK(wavefronts(32) == 8);
    CHECK(wavefronts(128) == 32);
}

} // namespace dilascope
