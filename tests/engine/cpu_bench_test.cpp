#include "engine/benchmark/cpu_bench.h"
#include "engine/benchmark/fma_peak.h"
#include "engine/pattern/pattern_text.h"
#include "engine/plan/plan.h"
#include "tests/catch.h"

using namespace dilascope;

TEST_CASE("benchmark: every case parses and fits", "[engine]") {
    for (BenchSuite suite : {BenchSuite::full, BenchSuite::quick})
        for (const BenchCase& bench_case : cpu_bench_cases(suite)) {
            INFO(bench_case.pattern);
            CHECK(make_plan(parse_pattern(bench_case.pattern).value(), bench_case.problem));
        }
}

TEST_CASE("benchmark: a row's rates fit its time, and no kernel beats the peak", "[engine][slow]") {
    const BenchRow row = run_bench_case({"dense", self_attention(1024, 2, 64)}).value();
    CHECK(row.gflop_per_s == Approx(4.0 * 64 * 1024 * 1024 * 2 / row.time_ms_median * 1e-6));
    CHECK(row.peak_share == Approx(row.gflop_per_s / row.peak_gflop_per_s));
    CHECK(row.direction == "forward");
    CHECK(row.dtype == "f32");
    CHECK(row.peak_gflop_per_s > 0.1);
    CHECK_FALSE(run_bench_case({"longnt", self_attention(8, 1, 8)}));
}
