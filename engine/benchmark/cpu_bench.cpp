#include "engine/benchmark/cpu_bench.h"
#include "engine/benchmark/bench_call.h"
#include "engine/benchmark/process_memory.h"
#include <algorithm>
#include <chrono>

namespace dilascope {

namespace {

using Clock = std::chrono::steady_clock;

double elapsed_ms(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Pages, threads, clocks; and what backward reads of forward.
Result<void> warm_up(const BenchCall& call) {
    TRY(call.forward());
    if (call.direction == Direction::backward) TRY(call.backward());
    return {};
}

Result<double> timed_run_ms(const BenchCall& call) {
    const Clock::time_point start = Clock::now();
    TRY(call.run());
    return elapsed_ms(start);
}

struct Samples {
    std::vector<double> times_ms, peaks, ratios; // one of each a repetition; ratios only with a base
};

// Peak slices last as long as the calls: what neighbours on the machine take now and then, a long call averages; the
// median of short slices would leave it out.
double peak_slice_ms(const Samples& samples) {
    return std::clamp(samples.times_ms.empty() ? 0.0 : samples.times_ms.back(), 10.0, 250.0);
}

Result<Samples> repeat(const BenchCall& call, const BenchCall* base, double time_ms) {
    constexpr std::size_t repetitions_min = 3, repetitions_max = 40;
    Samples samples;
    const Clock::time_point start = Clock::now();
    while (samples.times_ms.size() < repetitions_min ||
           (samples.times_ms.size() < repetitions_max && elapsed_ms(start) < time_ms)) {
        samples.peaks.push_back(measure_peak_gflop_per_s(call.problem().dtype, peak_slice_ms(samples)));
        const double base_ms = base ? TRY(timed_run_ms(*base)) : 0;
        samples.times_ms.push_back(TRY(timed_run_ms(call)));
        if (base) samples.ratios.push_back(samples.times_ms.back() / base_ms);
    }
    return samples;
}

} // namespace

Result<BenchRow> run_bench_case(const BenchCase& bench_case, const MachinePeaks& peaks, double time_ms) {
    restart_peak();
    const std::int64_t resident_before = resident_bytes();
    const BenchCall call = TRY(BenchCall::prepare(bench_case.pattern, bench_case.problem, bench_case.direction));
    TRY(warm_up(call));
    BenchRow row = bench_row(bench_case);
    const std::int64_t resident_peak = peak_resident_bytes(); // before a base takes its share
    row.peak_rss_mb = double(resident_peak) / 0x1p20;
    row.memory_bytes_per_token = double(std::max<std::int64_t>(0, resident_peak - resident_before)) /
                                 double(row.kv_len * bench_case.problem.batch);

    BenchCall base;
    if (bench_case.has_base()) {
        Problem problem = bench_case.problem;
        problem.seq_len = problem.kv_len = bench_case.base.seq_len;
        base = TRY(BenchCall::prepare(bench_case.base.pattern, problem, bench_case.direction));
        TRY(warm_up(base));
    }
    const Samples samples = TRY(repeat(call, bench_case.has_base() ? &base : nullptr, time_ms));
    set_rates(row, bench_case.problem.batch, call.flops(), samples.times_ms, samples.peaks);
    row.memory_gb_per_s = peaks.memory_gb_per_s;
    if (bench_case.has_base()) {
        row.ratio_base = bench_case.base.name;
        row.time_ratio = median(samples.ratios);
        row.flop_ratio = call.flops() / base.flops();
        row.time_ratio_limit = row.flop_ratio * bench_case.base.overhead_limit;
    }
    return row;
}

Result<std::vector<BenchRow>> run_cpu_bench(BenchSuite suite, const MachinePeaks& peaks,
                                            const std::function<void(const BenchRow&)>& row_done) {
    const double time_ms = suite == BenchSuite::quick ? 300 : 800;
    std::vector<BenchRow> rows;
    for (const BenchCase& bench_case : cpu_bench_cases(suite)) {
        rows.push_back(TRY(run_bench_case(bench_case, peaks, time_ms)));
        row_done(rows.back());
    }
    return rows;
}

} // namespace dilascope
