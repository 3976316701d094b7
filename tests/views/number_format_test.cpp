#include "tests/catch.h"
#include "views/number_format.h"

#include <limits>

using namespace dilascope;

TEST_CASE("counts are grouped by thin spaces", "[views]") {
    CHECK(format_count(0) == "0");
    CHECK(format_count(999) == "999");
    CHECK(format_count(1024) == "1\u2009024");
    CHECK(format_count(5013504) == "5\u2009013\u2009504");
    CHECK(format_count(-1024) == "\u22121\u2009024");
    CHECK(format_count(std::numeric_limits<std::int64_t>::min()) ==
          "\u22129\u2009223\u2009372\u2009036\u2009854\u2009775\u2009808");
}

TEST_CASE("token labels are short only where they are exact", "[views]") {
    CHECK(format_tokens(0) == "0");
    CHECK(format_tokens(512) == "512");
    CHECK(format_tokens(1000) == "1\u2009000");
    CHECK(format_tokens(1024) == "1k");
    CHECK(format_tokens(1536) == "1.5k");
    CHECK(format_tokens(1537) == "1\u2009537");
    CHECK(format_tokens(16384) == "16k");
    CHECK(format_tokens(1048576) == "1M");
    CHECK(format_tokens(1048576 + 524288) == "1.5M");
    CHECK(format_tokens(1048576 + 131072) == "1\u2009152k");
    CHECK(format_tokens(1LL << 30) == "1G");
}

TEST_CASE("four significant digits, no trailing zeros, true minus", "[views]") {
    CHECK(format_significant(0) == "0");
    CHECK(format_significant(26.8) == "26.8");
    CHECK(format_measured(26.8) == "26.80");
    CHECK(format_significant(3.14159265) == "3.142");
    CHECK(format_significant(9.99996) == "10");
    CHECK(format_significant(-0.0031) == "\u22120.0031");
    CHECK(format_significant(123456) == "123\u2009456");
    CHECK(format_significant(1.2344e-9) == "1.234×10⁻⁹");
    CHECK(format_significant(1e20) == "1×10²⁰");
    CHECK(format_significant(std::numeric_limits<double>::infinity()) == "∞");
    CHECK(format_significant(std::numeric_limits<double>::quiet_NaN()) == "–");
}

TEST_CASE("a quantity finds its unit", "[views]") {
    CHECK(format_time_ms(3.1).joined() == "3.100 ms");
    CHECK(format_time_ms(0.0008123).joined() == "812.3 ns");
    CHECK(format_time_ms(0.0125).joined() == "12.50 µs");
    CHECK(format_time_ms(75000).joined() == "75.00 s");
    CHECK(format_time_ms(999.96).joined() == "1.000 s"); // never "1000 ms"
    CHECK(format_time_ms(0).joined() == "0 ms");
    CHECK(format_bytes(1536).joined() == "1.5 KiB");
    CHECK(format_bytes(512).joined() == "512 B");
    CHECK(format_bytes(0x1p31).joined() == "2 GiB");
    CHECK(format_si(5.0135e9, "FLOP").joined() == "5.013 GFLOP");
    CHECK(format_si(12, "FLOP").joined() == "12 FLOP");
    CHECK(format_percent(0.03735) == "3.735 %");
    CHECK(format_change(1.258) == "+25.8 %");
    CHECK(format_change(0.71) == "\u221229 %");
    CHECK(format_duration(41.2) == "0:41");
    CHECK(format_duration(3723) == "1:02:03");
    CHECK(format_quantity(5013504, "pairs").joined() == "5\u2009013\u2009504 pairs");
    CHECK(format_quantity(0.5, "").joined() == "0.5");
}

TEST_CASE("the exact form keeps every digit", "[views]") {
    CHECK(format_exact(3.0712345, "ms") == "3.0712345 ms");
    CHECK(format_exact(std::int64_t(5013504), "pairs") == "5\u2009013\u2009504 pairs");
    CHECK(format_plain(0.1) == "0.1");
    CHECK(format_plain(1024) == "1024");
    CHECK(std::stod(format_plain(1.0 / 3)) == 1.0 / 3);
}
