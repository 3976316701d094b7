#include "tests/catch.h"
#include "views/plot_axis.h"

#include <cmath>

using namespace dilascope;

namespace {

std::vector<std::string> labels(const Axis& axis, int label_count_max) {
    std::vector<std::string> found;
    for (const Tick& tick : axis_ticks(axis, label_count_max))
        if (!tick.label.empty()) found.push_back(tick.label);
    return found;
}

using Labels = std::vector<std::string>;

} // namespace

TEST_CASE("linear ticks stand on 1, 2, 5 steps", "[views]") {
    CHECK(labels({"", "", AxisScale::linear, 0, 1}, 5) == Labels{"0", "0.2", "0.4", "0.6", "0.8", "1.0"});
    CHECK(labels({"", "ms", AxisScale::linear, -3, 103}, 5) == Labels{"0", "50", "100"});
    CHECK(labels({"", "", AxisScale::linear, 2.0001, 2.0004}, 4) == Labels{"2.0001", "2.0002", "2.0003", "2.0004"});
    CHECK(labels({"", "", AxisScale::linear, -1, 1}, 4) == Labels{"\u22121.0", "\u22120.5", "0", "0.5", "1.0"});
}

TEST_CASE("token ticks stand on powers of two", "[views]") {
    CHECK(labels({"", "tokens", AxisScale::linear, 0, 16384}, 8) ==
          Labels{"0", "2k", "4k", "6k", "8k", "10k", "12k", "14k", "16k"});
    CHECK(labels({"", "tokens", AxisScale::linear, 0, 512}, 8).at(1) == "64");
    CHECK(labels({"", "tokens", AxisScale::linear, 6000, 6100}, 4) == Labels{"6\u2009016", "6\u2009048", "6\u2009080"});
    CHECK(labels({"", "tokens", AxisScale::linear, 10, 12}, 8) == Labels{"10", "11", "12"}); // never half a token
}

TEST_CASE("log2 ticks name powers and thin out by exponent", "[views]") {
    CHECK(labels({"", "tokens", AxisScale::log2, 1000, 66000}, 8) ==
          Labels{"1k", "2k", "4k", "8k", "16k", "32k", "64k"});
    CHECK(labels({"", "tokens", AxisScale::log2, 1, 0x1p20}, 6) == Labels{"1", "16", "256", "4k", "64k", "1M"});
    CHECK(axis_ticks({"", "tokens", AxisScale::log2, 1, 0x1p20}, 6).size() == 21); // the others stay as minor ticks
    CHECK(labels({"", "", AxisScale::log2, 0.2, 4.1}, 8) == Labels{"0.25", "0.5", "1", "2", "4"});
}

TEST_CASE("log10 ticks name decades, then 2 and 5, then round steps", "[views]") {
    CHECK(labels({"", "ms", AxisScale::log10, 0.1, 100}, 5) == Labels{"0.1", "1", "10", "100"});
    CHECK(labels({"", "ms", AxisScale::log10, 0.9, 110}, 8) == Labels{"1", "2", "5", "10", "20", "50", "100"});
    CHECK(labels({"", "", AxisScale::log10, 1e-9, 1e9}, 6) == Labels{"10⁻⁸", "10⁻⁴", "1", "10\u2009000", "10⁸"});
    CHECK(labels({"", "ms", AxisScale::log10, 3.1, 3.5}, 5) == Labels{"3.1", "3.2", "3.3", "3.4", "3.5"});
}

TEST_CASE("ticks lie inside the interval, in order, and are few", "[views]") {
    for (const AxisScale scale : {AxisScale::linear, AxisScale::log2, AxisScale::log10})
        for (const char* unit : {"", "tokens"})
            for (double low : {1e-6, 0.3, 1.0, 17.0, 4096.0})
                for (double ratio : {1.001, 1.5, 7.0, 1e3, 1e9}) {
                    const Axis axis{"", unit, scale, low, low * ratio};
                    const auto ticks = axis_ticks(axis, 6);
                    INFO(unit << " " << int(scale) << " " << low << " × " << ratio);
                    double before = -1;
                    int labelled = 0;
                    for (const Tick& tick : ticks) {
                        CHECK(tick.value > before);
                        CHECK(axis_fraction(axis, tick.value) >= -1e-6);
                        CHECK(axis_fraction(axis, tick.value) <= 1 + 1e-6);
                        before = tick.value;
                        labelled += !tick.label.empty();
                    }
                    CHECK(labelled <= 9);
                    CHECK(ticks.size() <= 80);
                }
}

TEST_CASE("axis_value undoes axis_fraction", "[views]") {
    for (const AxisScale scale : {AxisScale::linear, AxisScale::log2, AxisScale::log10}) {
        const Axis axis{"", "", scale, 0.5, 2000};
        for (double fraction : {-0.5, 0.0, 0.3, 1.0, 1.2})
            CHECK(axis_fraction(axis, axis_value(axis, fraction)) == Approx(fraction).margin(1e-12));
    }
    CHECK(std::isinf(axis_fraction({"", "", AxisScale::log2, 1, 2}, 0)));
}

TEST_CASE("fitting an axis gives every value room", "[views]") {
    Axis axis{"", "", AxisScale::log10, 0, 0};
    fit_axis(axis, {1, 1000, -4, NAN});
    CHECK((axis.min > 0.5 && axis.min < 1 && axis.max > 1000 && axis.max < 2000));
    fit_axis(axis, {});
    CHECK((axis.min == 1 && axis.max == 10));
    for (const AxisScale scale : {AxisScale::linear, AxisScale::log2, AxisScale::log10}) {
        axis.scale = scale;
        fit_axis(axis, {512});
        CHECK((axis.min < 500 && axis.max > 524));
    }
    CHECK(axis_caption({"length", "tokens"}) == "length, tokens");
    CHECK(axis_caption({"density", ""}) == "density");
    axis = {"time", "ms"};
    axis.note = "with interval";
    CHECK(axis_caption(axis) == "time with interval, ms");
}
