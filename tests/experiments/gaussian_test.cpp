#include "experiments/gaussian.h"
#include "tests/catch.h"
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

using namespace dilascope;

TEST_CASE("gaussian: the quantile inverts the normal distribution function", "[experiments]") {
    for (double x = -8; x <= 8; x += 0.0625) {
        const double p = 0.5 * std::erfc(-x / std::sqrt(2.0));
        if (p <= 0 || p >= 1) continue;
        const double density = std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979);
        const double blur = 1e-16 / density; // of p itself, as p nears 1
        CHECK(normal_quantile(p) == Approx(x).margin(1e-13 + (x > 0 ? blur : 0)).epsilon(1e-13));
    }
}

TEST_CASE("gaussian: the same bits on every machine", "[experiments]") {
    // From an implementation of the header's description in Python.
    CHECK(std::bit_cast<std::uint32_t>(gaussian(1234, 0, 0)) == std::bit_cast<std::uint32_t>(0x1.19c138p-3f));
    CHECK(std::bit_cast<std::uint32_t>(gaussian(1234, 0, 1)) == std::bit_cast<std::uint32_t>(-0x1.625992p-2f));
    CHECK(std::bit_cast<std::uint32_t>(gaussian(1234, 0, 2)) == std::bit_cast<std::uint32_t>(-0x1.d6acc8p+0f));
    std::vector<float> values(200'000);
    fill_gaussian(values, 1234, 2);
    std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a over the bit patterns
    for (const float value : values) hash = (hash ^ std::bit_cast<std::uint32_t>(value)) * 0x100000001b3;
    CHECK(hash == 0xa69096a8623269ae);
    CHECK(values[123'456] == gaussian(1234, 2, 123'456));
}

TEST_CASE("gaussian: values follow the standard normal distribution", "[experiments]") {
    std::vector<float> values(1 << 20);
    fill_gaussian(values, 1, 0);
    const double n = double(values.size());
    double sum = 0, squares = 0, fourths = 0, neighbours = 0;
    for (std::size_t index = 0; index < values.size(); ++index) {
        const double x = values[index];
        sum += x, squares += x * x, fourths += x * x * x * x;
        if (index > 0) neighbours += x * values[index - 1];
    }
    CHECK(std::fabs(sum / n) < 4 / std::sqrt(n));
    CHECK(std::fabs(squares / n - 1) < 4 * std::sqrt(2 / n));
    CHECK(std::fabs(fourths / n - 3) < 4 * std::sqrt(96 / n));
    CHECK(std::fabs(neighbours / n) < 4 / std::sqrt(n));
    std::sort(values.begin(), values.end()); // Kolmogorov and Smirnov: 1.95/√n is passed once in a thousand seeds
    double worst = 0;
    for (std::size_t index = 0; index < values.size(); ++index)
        worst =
            std::max(worst, std::fabs(0.5 * std::erfc(-values[index] / std::sqrt(2.0)) - (double(index) + 0.5) / n));
    CHECK(worst < 1.95 / std::sqrt(n));
}

TEST_CASE("gaussian: seeds and streams differ", "[experiments]") {
    std::vector<float> a(4096), b(4096);
    for (const auto& [seed, stream] : {std::pair(1, 1), std::pair(2, 0), std::pair(0, 1)}) {
        fill_gaussian(a, 1, 0);
        fill_gaussian(b, std::uint64_t(seed), std::uint64_t(stream));
        double product = 0;
        for (std::size_t index = 0; index < a.size(); ++index) product += double(a[index]) * b[index];
        CHECK(std::fabs(product) < 4 * std::sqrt(4096.0));
    }
}
