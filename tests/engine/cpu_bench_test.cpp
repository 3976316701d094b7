#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/bench_call.h"
#include "engine/benchmark/bench_input.h"
#include "engine/benchmark/bench_rates.h"
#include "engine/benchmark/cpu_bench.h"
#include "engine/benchmark/memory_bandwidth.h"
#include "engine/benchmark/process_memory.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include <cmath>
#include <set>

using namespace dilascope;

namespace {

Plan plan_of(const std::string& pattern, const Problem& problem) {
    return make_plan(parse_pattern(pattern).value(), problem).value();
}

std::int64_t tile_count(const Plan& plan) {
    std::int64_t count = 0;
    for (const TileList& list : plan.lists) count += list.tile_count * list.repeat_count;
    return count;
}

} // namespace

TEST_CASE("benchmark: every case parses, fits, and has a kernel", "[engine]") {
    for (BenchSuite suite : {BenchSuite::full, BenchSuite::quick, BenchSuite::scaling})
        for (const BenchCase& bench_case : cpu_bench_cases(suite)) {
            INFO(bench_case.pattern << " at " << bench_case.problem.seq_len);
            const Result<Pattern> pattern = parse_pattern(bench_case.pattern);
            REQUIRE(pattern);
            CHECK(make_plan(*pattern, bench_case.problem));
            CHECK(cpu_backend().choose(bench_case.problem, *pattern, bench_case.direction).supported());
        }
}

TEST_CASE("benchmark: the full suite covers directions, dtypes, widths and lengths", "[engine]") {
    std::set<Direction> directions;
    std::set<Dtype> dtypes;
    std::set<std::int64_t> widths, lengths;
    bool has_decode = false;
    for (const BenchCase& bench_case : cpu_bench_cases(BenchSuite::full)) {
        directions.insert(bench_case.direction);
        dtypes.insert(bench_case.problem.dtype);
        widths.insert(bench_case.problem.head_dim);
        lengths.insert(bench_case.problem.seq_len);
        has_decode |= bench_case.problem.kv_len > bench_case.problem.seq_len;
    }
    CHECK(directions == std::set{Direction::forward, Direction::backward});
    CHECK(dtypes == std::set{Dtype::f32, Dtype::f16, Dtype::bf16});
    CHECK(widths == std::set<std::int64_t>{32, 64, 128, 256});
    CHECK(lengths.count(1024) + lengths.count(262144) == 2);
    CHECK(has_decode);
}

TEST_CASE("benchmark: the dilation penalty compares equal work in equally many tiles", "[engine]") {
    int pairs = 0;
    for (const BenchCase& bench_case : cpu_bench_cases(BenchSuite::full)) {
        if (!bench_case.has_base()) continue;
        INFO(bench_case.pattern);
        Problem problem = bench_case.problem;
        problem.seq_len = problem.kv_len = bench_case.base.seq_len;
        const Plan plan = plan_of(bench_case.pattern, bench_case.problem),
                   base = plan_of(bench_case.base.pattern, problem);
        CHECK(forward_flops(plan) == forward_flops(base));
        CHECK(tile_count(plan) == tile_count(base));
        ++pairs;
    }
    CHECK(pairs >= 4);
}

TEST_CASE("benchmark: scaling doubles up to a million tokens, and the work at most a little more than that",
          "[engine]") {
    std::int64_t longest = 0;
    for (const BenchCase& bench_case : cpu_bench_cases(BenchSuite::scaling)) {
        longest = std::max(longest, bench_case.problem.seq_len);
        if (!bench_case.has_base()) continue;
        CHECK(bench_case.problem.seq_len == 2 * bench_case.base.seq_len);
        Problem problem = bench_case.problem;
        problem.seq_len = problem.kv_len = bench_case.base.seq_len;
        const double ratio = forward_flops(plan_of(bench_case.pattern, bench_case.problem)) /
                             forward_flops(plan_of(bench_case.base.pattern, problem));
        // From 32k on every segment fits, and doubling the tokens doubles the work exactly, tails of rates 6 and 12
        // apart.
        CHECK(ratio == Approx(2).epsilon(bench_case.base.seq_len < 32768 ? 0.06 : 1e-3));
    }
    CHECK(longest == 1 << 20);
}

TEST_CASE("benchmark: a call knows its work and the bytes of its tensors", "[engine]") {
    Problem problem = self_attention(32, 2, 16);
    const double forward = BenchCall::prepare("dense", problem, Direction::forward).value().flops();
    CHECK(forward == 4.0 * 16 * 32 * 32 * 2);
    problem.dtype = Dtype::bf16;
    const BenchCall call = BenchCall::prepare("dense", problem, Direction::backward).value();
    CHECK(call.flops() == 2.5 * forward);
    const std::int64_t elements = 32 * 2 * 16, rows = 32 * 2;
    CHECK(call.bytes() == 3 * elements * 2 + rows * 4 + 5 * elements * 4); // q k v; lse; out dout dq dk dv
    REQUIRE(call.forward());
    REQUIRE(call.backward());
    for (const float value : call.dv.span()) CHECK(std::isfinite(value));
    CHECK_THAT(BenchCall::prepare("longnt", problem, Direction::forward).error().what, contains("longnet"));
    problem.dtype = Dtype::f64;
    CHECK_FALSE(BenchCall::prepare("dense", problem, Direction::forward));
}

TEST_CASE("benchmark: inputs are close to normal, differ by tensor, and stay the same", "[engine]") {
    constexpr int count = 100'000;
    double sum = 0, squares = 0, product = 0;
    for (std::uint64_t index = 0; index < count; ++index) {
        const double value = bench_input(1, index);
        sum += value, squares += value * value, product += value * double(bench_input(2, index));
    }
    CHECK(std::abs(sum / count) < 0.02);
    CHECK(squares / count == Approx(1).epsilon(0.02));
    CHECK(std::abs(product / count) < 0.02);
    float filled[3];
    fill_bench_input(1, 3, Dtype::f32, filled);
    for (std::uint64_t index = 0; index < 3; ++index) CHECK(filled[index] == bench_input(1, index));
    // tests/peers computes the same numbers by itself.
    CHECK(bench_input(1, 0) == 18336.0f * 2.6429e-5f);
    CHECK(bench_input(4, 12345) == -37021.0f * 2.6429e-5f);
}

TEST_CASE("benchmark: peak memory sees a buffer while it lives, and starts again", "[engine]") {
    constexpr std::int64_t bytes = std::int64_t{64} << 20;
    restart_peak();
    const std::int64_t before = resident_bytes();
    {
        const Buffer<std::byte> buffer = Buffer<std::byte>::allocate(bytes, "test/memory").value();
        std::fill(buffer.begin(), buffer.end(), std::byte{1});
        CHECK(peak_resident_bytes() - before > bytes * 9 / 10);
    }
    restart_peak();
#ifndef __SANITIZE_ADDRESS__ // which keeps what is freed for a while
    CHECK(peak_resident_bytes() - before < bytes / 2);
#endif
}

TEST_CASE("benchmark: medians and the best of times and peaks", "[engine]") {
    BenchRow row;
    row.seq_len = 10, row.bytes = 4'000'000;
    set_rates(row, 2, 6e9, {30, 20, 40}, {400, 500, 450});
    CHECK(row.repetitions == 3);
    CHECK(row.time_ms_median == 30);
    CHECK(row.gflop_per_s == Approx(200));
    CHECK(row.peak_share == Approx(200.0 / 450));
    CHECK(row.peak_share_best == Approx(300.0 / 500));
    CHECK(row.tokens_per_s == Approx(20 / 0.03));
    set_rates(row, 1, 6e9, {30}, {0}); // no peak known
    CHECK(row.peak_share == 0);
    CHECK(row.peak_share_best == 0);
}

TEST_CASE("benchmark: a row's rates fit its time, and no kernel beats the peak", "[engine][slow]") {
    const MachinePeaks peaks = measure_machine_peaks().value();
    CHECK(peaks.fma_gflop_per_s > 0.1);
    CHECK(peaks.memory_gb_per_s > 0.1);
    CHECK_THAT(peaks_text(peaks), contains(peaks.bf16_gflop_per_s ? "GFLOP/s" : "none"));
    for (const Direction direction : {Direction::forward, Direction::backward}) {
        const BenchRow row = run_bench_case({"dense", self_attention(1024, 2, 64), direction}, peaks).value();
        const double flops = (direction == Direction::forward ? 4.0 : 10.0) * 64 * 1024 * 1024 * 2;
        CHECK(row.gflop_per_s == Approx(flops / row.time_ms_median * 1e-6));
        CHECK(row.peak_share == Approx(row.gflop_per_s / row.peak_gflop_per_s));
        CHECK(row.peak_share_best > 0);
        CHECK(row.gb_per_s == Approx(double(row.bytes) / row.time_ms_median * 1e-6));
        CHECK(row.tokens_per_s == Approx(1024 / row.time_ms_median * 1e3));
        CHECK(row.direction == enum_name(direction));
        CHECK(row.dtype == "f32");
        CHECK(row.peak_gflop_per_s > 0.1);
        CHECK(row.repetitions >= 3);
        CHECK(row.memory_bytes_per_token > 4 * 2 * 64 * 4);
        CHECK(row.ratio_base.empty());
    }
    CHECK_FALSE(run_bench_case({"longnt", self_attention(8, 1, 8)}, peaks));
}

TEST_CASE("benchmark: a case with a base tells how much longer it takes", "[engine][slow]") {
    const BenchCase half = {
        "dense", self_attention(1024, 2, 64), Direction::forward, {"512 tokens", "dense", 512, 1.03}};
    const BenchRow row = run_bench_case(half, {}).value();
    CHECK(row.flop_ratio == 4);
    CHECK(row.time_ratio_limit == Approx(4.12));
    CHECK(row.time_ratio > 1); // far from 4 on both sides: another program may hold a core
    CHECK(row.time_ratio < 16);
    CHECK_THAT(bench_table_row(row), contains("512 tokens"));
}
