// The CUDA benchmark on an emulated GPU: its rows are complete and follow from the emulated clock.
#include "engine/benchmark/cuda_bench.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/emulated_cuda.h"

using namespace dilascope;

TEST_CASE("a row of the CUDA benchmark follows from the device's clock", "[cuda][bench]") {
    EmulatedCuda cuda;
    REQUIRE(cuda.device);
    DevicePeaks peaks;
    peaks.bf16_gflop_per_s = 500e3, peaks.copy_gb_per_s = 3000;
    Problem problem = self_attention(96, 1, 32);
    problem.dtype = Dtype::bf16;
    for (const Direction direction : {Direction::forward, Direction::backward}) {
        const auto row = run_cuda_bench_case(**cuda.device, {"dense", problem, direction}, peaks, 3);
        INFO((row ? "" : row.error().what) << cuda.emulator_error);
        REQUIRE(row);
        // Of the emulated clock every launch takes the same time.
        const double launches = row->time_ms_median / cuda.api.launch_ms;
        CHECK(launches == Approx(direction == Direction::forward ? 1 : 5)); // 3 fills, the rows, the kernel
        const double flop = 96.0 * 96 * 32 * (direction == Direction::forward ? 4 : 10);
        CHECK(row->gflop_per_s == Approx(flop / row->time_ms_median * 1e-6));
        CHECK(row->peak_share == Approx(row->gflop_per_s / 500e3));
        CHECK(row->repetitions == 3);
        CHECK(row->direction == enum_name(direction));
        CHECK_THAT(row->kernel, contains(std::string(enum_name(direction))) && contains("bf16"));
    }
}

TEST_CASE("every case of the CUDA benchmark has a plan's pattern and a kernel", "[cuda][bench]") {
    EmulatedCuda cuda;
    for (const BenchSuite suite : {BenchSuite::quick, BenchSuite::full, BenchSuite::scaling})
        for (const BenchCase& bench_case : cuda_bench_cases(suite)) {
            INFO(bench_case.pattern);
            const auto pattern = parse_pattern(bench_case.pattern);
            REQUIRE(pattern);
            REQUIRE(validate(*pattern, bench_case.problem));
            CHECK(cuda.backend.choose(bench_case.problem, *pattern, bench_case.direction).supported());
        }
}

TEST_CASE("words choose among the cases of the CUDA benchmark", "[cuda][bench]") {
    const std::vector<BenchCase> all = cuda_bench_cases(BenchSuite::full);
    CHECK(cases_with(all, "")->size() == all.size());
    const auto chosen = cases_with(all, "dense backward  d=128 n=8192 bf16");
    REQUIRE(chosen);
    REQUIRE(chosen->size() == 2);
    CHECK(case_text(chosen->front()) == "backward bf16 n=8192 d=128 dense");
    CHECK(case_text(chosen->back()) == "backward bf16 n=8192 d=128 causal dense");
    CHECK(cases_with(all, "window")->size() == 2);
    const auto none = cases_with(all, "dense f64");
    REQUIRE_FALSE(none);
    CHECK_THAT(none.error().what, contains("\"dense f64\"") && contains(case_text(all.front())));
}

TEST_CASE("rows of the CUDA benchmark are told as they come", "[cuda][bench]") {
    EmulatedCuda cuda;
    const std::vector<BenchCase> cases = {{"dense", self_attention(64, 1, 16)},
                                          {"window left=8", self_attention(64, 1, 16)}};
    std::vector<std::string> told;
    const auto rows =
        run_cuda_bench(**cuda.device, cases, {}, [&](const CudaBenchRow& row) { told.push_back(row.pattern); });
    REQUIRE(rows);
    CHECK(rows->size() == 2);
    CHECK(told == std::vector<std::string>{"dense", "window left=8"});
}

TEST_CASE("an error of the device ends a row of the CUDA benchmark with its sentence", "[cuda][bench]") {
    EmulatedCuda cuda;
    cuda.api.fail_at(ApiCall::allocate, 4, DeviceStatus::out_of_memory);
    const auto row = run_cuda_bench_case(**cuda.device, {"dense", self_attention(64, 1, 16)}, {}, 3);
    REQUIRE_FALSE(row);
    CHECK_THAT(row.error().what, contains("free"));
}

TEST_CASE("the rate of permuting follows from the device's clock, or is its error", "[cuda][bench]") {
    EmulatedCuda cuda;
    const auto rate = measure_permute_gb_per_s(**cuda.device, 300, 48);
    REQUIRE(rate);
    CHECK(*rate == Approx(2.0 * 300 * 48 / cuda.api.launch_ms * 1e-6));
    cuda.api.fail_at(ApiCall::allocate, 2, DeviceStatus::out_of_memory);
    CHECK_FALSE(measure_permute_gb_per_s(**cuda.device, 300, 48));
    DevicePeaks peaks;
    peaks.copy_gb_per_s = 4000, peaks.permute_gb_per_s = 3500;
    CHECK_THAT(peaks_text(peaks), contains("copies 4000 GB/s, along a Hilbert curve 3500"));
}
