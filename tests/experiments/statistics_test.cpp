// Statistics against values worked out by hand and against simulation.
#include "experiments/compare.h"
#include "experiments/statistics.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include <random>

using namespace dilascope;

TEST_CASE("median, spread and percentiles", "[experiments]") {
    const std::vector<double> samples = {5, 1, 4, 2, 100};
    const Summary summary = summarize(samples);
    CHECK(summary.count == 5);
    CHECK(summary.min == 1);
    CHECK(summary.median == 4);
    CHECK(summary.mad == 2);                // |1−4|, |2−4|, 0, 1, 96 → 2
    CHECK(summary.noise_pct == Approx(75)); // quartiles 2 and 5
    CHECK(summary.p5 == Approx(1.2));
    CHECK(summary.p95 == Approx(81));
    CHECK(summarize(std::vector<double>{1, 2}).median == 1.5);
    CHECK(summarize({}).count == 0);
    CHECK(summarize(std::vector<double>{3}).ci_high == 3);
}

TEST_CASE("ranks of the median's confidence interval are the textbook's", "[experiments]") {
    // Sign-test tables (95 %, two-sided): the interval from the r-th smallest to the r-th largest.
    const std::pair<int, int> table[] = {{5, 0},  {6, 1},  {8, 1},  {9, 2},   {11, 2},  {12, 3},
                                         {15, 4}, {20, 6}, {25, 8}, {30, 10}, {50, 18}, {100, 40}};
    for (const auto& [count, rank] : table) {
        INFO(count << " samples");
        CHECK(median_rank(count) == rank);
    }
    // Large counts: n/2 − 0.98·√n.
    CHECK(median_rank(10000) == Approx(5000 - 98).margin(1));
    CHECK(median_rank(1000000) == Approx(500000 - 980).margin(1));
    const std::vector<double> nine = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    CHECK(summarize(nine).ci_low == 2);
    CHECK(summarize(nine).ci_high == 8);
    const std::vector<double> five = {1, 2, 3, 4, 5};
    CHECK(summarize(five).ci_low == 1);
    CHECK(summarize(five).ci_high == 5);
}

TEST_CASE("the interval covers the median in at least 95 % of experiments", "[experiments]") {
    std::mt19937_64 random(3);
    for (int count : {6, 9, 15, 40}) {
        int covered = 0;
        constexpr int experiments = 4000;
        for (int experiment = 0; experiment < experiments; ++experiment) {
            std::vector<double> samples;
            for (int index = 0; index < count; ++index) {
                const double unit = double(random() >> 11) * 0x1p-53;
                samples.push_back(unit * unit); // skewed; its median is 1/4
            }
            const Summary summary = summarize(samples);
            covered += summary.ci_low <= 0.25 && 0.25 <= summary.ci_high;
        }
        INFO(count << " samples");
        CHECK(covered > 0.94 * experiments);
    }
}

TEST_CASE("two sets of samples are compared without assuming a distribution", "[experiments]") {
    std::vector<double> before, slower, same;
    std::mt19937_64 random(4);
    const auto unit = [&] { return double(random() >> 11) * 0x1p-53; };
    for (int index = 0; index < 30; ++index) {
        before.push_back(10 + unit());
        same.push_back(10 + unit());
        slower.push_back(12 + unit());
    }
    const Comparison worse = compare_samples(before, slower).value();
    CHECK(std::string(worse.words()) == "slower");
    CHECK(worse.p < 1e-9);
    CHECK(worse.shift == Approx(2).margin(0.3));
    CHECK(worse.shift_pct == Approx(20).margin(3));
    CHECK(worse.shift_ci_low < worse.shift);
    CHECK(worse.shift_ci_high > worse.shift);
    CHECK(std::string(compare_samples(slower, before).value().words()) == "faster");
    CHECK(std::string(compare_samples(before, same).value().words()) == "no evidence");
    CHECK(compare_samples(std::vector<double>(9, 1.0), std::vector<double>(9, 1.0)).value().p == 1);
    CHECK_THAT(compare_samples(before, std::vector<double>(8, 1.0)).error().what, contains("too few"));
}

TEST_CASE("the U test agrees with a worked example", "[experiments]") {
    // 1 … 9 against 6 … 14: ranks of the second with ties at 6, 7, 8, 9; U = 73, σ² = 128.1, p = 0.0047.
    const std::vector<double> low = {1, 2, 3, 4, 5, 6, 7, 8, 9}, high = {6, 7, 8, 9, 10, 11, 12, 13, 14};
    const Comparison comparison = compare_samples(low, high).value();
    CHECK(comparison.shift == Approx(5));
    CHECK(comparison.p == Approx(0.0047).margin(0.0003));
}
