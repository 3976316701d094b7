#include "engine/benchmark/cuda_bench.h"
#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/cuda/cuda_backward.h"
#include "engine/backends/cuda/permute.h"
#include "engine/backends/cuda/timing.h"
#include "engine/benchmark/bench_input.h"
#include "engine/benchmark/bench_rates.h"
#include "engine/gemm/cuda_gemm.h"
#include "engine/memory/buffer.h"
#include "engine/order/order.h"
#include "engine/pattern/pattern_text.h"
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dilascope {

namespace {

// Tensors of one case on the device, filled with bench_input().
struct BenchTensors {
    DeviceBuffer<std::byte> q, k, v;
    DeviceBuffer<float> out, lse, dout, dq, dk, dv;

    static Result<BenchTensors> allocate(CudaDevice& device, const Problem& problem);
    ForwardTensors forward() const { return {q.data(), k.data(), v.data(), out.data(), lse.data()}; }
    BackwardTensors backward() const {
        return {q.data(), k.data(), v.data(), out.data(), lse.data(), dout.data(), dq.data(), dk.data(), dv.data()};
    }
};

Result<DeviceBuffer<std::byte>> input_on_device(CudaDevice& device, std::int64_t elements, Dtype dtype, int seed) {
    const Buffer<std::byte> host = TRY(bench_tensor(std::uint64_t(seed), elements, dtype));
    DeviceBuffer<std::byte> buffer = TRY(device.allocate<std::byte>(host.size(), "bench/input"));
    TRY(buffer.upload(host.data(), host.size()));
    TRY(device.synchronize());
    return buffer;
}

Result<BenchTensors> BenchTensors::allocate(CudaDevice& device, const Problem& problem) {
    BenchTensors tensors;
    tensors.q = TRY(input_on_device(device, query_elements(problem), problem.dtype, 1));
    tensors.k = TRY(input_on_device(device, key_elements(problem), problem.dtype, 2));
    tensors.v = TRY(input_on_device(device, key_elements(problem), problem.dtype, 3));
    tensors.out = TRY(device.allocate<float>(query_elements(problem), "bench/out"));
    tensors.lse = TRY(device.allocate<float>(lse_elements(problem), "bench/lse"));
    tensors.dq = TRY(device.allocate<float>(query_elements(problem), "bench/dq"));
    tensors.dk = TRY(device.allocate<float>(key_elements(problem), "bench/dk"));
    tensors.dv = TRY(device.allocate<float>(key_elements(problem), "bench/dv"));
    const Buffer<float> dout = TRY(Buffer<float>::allocate(query_elements(problem), "bench/input"));
    fill_bench_input(4, query_elements(problem), Dtype::f32, dout.data());
    tensors.dout = TRY(device.allocate<float>(query_elements(problem), "bench/dout"));
    TRY(tensors.dout.upload(dout.data(), tensors.dout.size()));
    TRY(device.synchronize());
    return tensors;
}

Result<double> matmul_gflop_per_s(CudaDevice& device, Dtype dtype) {
    constexpr std::int64_t size = 8192;
    constexpr int samples = 10;
    const DeviceBuffer<std::byte> a = TRY(input_on_device(device, size * size, dtype, 1));
    const DeviceBuffer<std::byte> b = TRY(input_on_device(device, size * size, dtype, 2));
    DeviceBuffer<float> c = TRY(device.allocate<float>(size * size, "bench/product"));
    const Stream stream = TRY(device.create_stream());
    const std::unique_ptr<Gemm> gemm = TRY(make_cuda_gemm(device, stream));
    const GemmCall call{size, size, size, dtype, a.data(), b.data(), c.data()};
    const Event start = TRY(device.create_event()), stop = TRY(device.create_event());
    std::vector<double> times_ms;
    for (int sample = 0; sample < samples; ++sample) {
        TRY(device.record(start, stream));
        TRY(gemm->run(call));
        TRY(device.record(stop, stream));
        TRY(device.synchronize(stream));
        times_ms.push_back(TRY(device.elapsed_ms(start, stop)));
    }
    return 2.0 * double(size) * double(size) * double(size) / median(times_ms) * 1e-6;
}

Result<double> copy_gb_per_s(CudaDevice& device) {
    constexpr std::int64_t bytes = std::int64_t(1) << 30;
    const DeviceBuffer<std::byte> from = TRY(device.allocate<std::byte>(bytes, "bench/copy"));
    const DeviceBuffer<std::byte> to = TRY(device.allocate<std::byte>(bytes, "bench/copy"));
    const auto times_ms = TRY(time_launches(
        device, [&](const Stream& stream) { return device.copy_on_device(to.data(), from.data(), bytes, stream); },
        10));
    return 2.0 * double(bytes) / median(times_ms) * 1e-6;
}

} // namespace

double DevicePeaks::gflop_per_s(Dtype dtype) const {
    return dtype == Dtype::f16 ? f16_gflop_per_s : dtype == Dtype::bf16 ? bf16_gflop_per_s : f32_gflop_per_s;
}

Result<double> measure_permute_gb_per_s(CudaDevice& device, std::int64_t token_count, std::int64_t row_bytes) {
    const std::int64_t bytes = token_count * row_bytes;
    const DeviceBuffer<std::byte> from = TRY(device.allocate<std::byte>(bytes, "bench/permute"));
    const DeviceBuffer<std::byte> to = TRY(device.allocate<std::byte>(bytes, "bench/permute"));
    const std::vector<std::int32_t> order = tokens_by_rank({.curve = Curve::hilbert}, token_count);
    DeviceBuffer<std::int32_t> table = TRY(device.allocate<std::int32_t>(token_count, "bench/permute"));
    TRY(table.upload(order.data(), token_count));
    TRY(device.synchronize());
    PermuteCall call{.from = from.data(), .to = to.data(), .token_of_rank = table.data()};
    call.token_count = token_count, call.row_bytes = row_bytes;
    LaunchTimerOptions timer;
    timer.l2 = L2State::cold;
    const auto times_ms = TRY(time_launches(
        device, [&](const Stream& stream) { return launch_permute(device, call, stream); }, 10, timer));
    return 2.0 * double(bytes) / median(times_ms) * 1e-6;
}

Result<DevicePeaks> measure_device_peaks(CudaDevice& device) {
    DevicePeaks peaks;
    peaks.f32_gflop_per_s = TRY(matmul_gflop_per_s(device, Dtype::f32));
    peaks.f16_gflop_per_s = TRY(matmul_gflop_per_s(device, Dtype::f16));
    peaks.bf16_gflop_per_s = TRY(matmul_gflop_per_s(device, Dtype::bf16));
    peaks.copy_gb_per_s = TRY(copy_gb_per_s(device));
    peaks.permute_gb_per_s = TRY(measure_permute_gb_per_s(device, 1 << 20, 1024));
    return peaks;
}

std::string peaks_text(const DevicePeaks& peaks) {
    return fmt::format("peaks: matrix products {:.0f} TFLOP/s bf16, {:.0f} f16, {:.1f} f32; copies {:.0f} GB/s, "
                       "along a Hilbert curve {:.0f}",
                       peaks.bf16_gflop_per_s * 1e-3, peaks.f16_gflop_per_s * 1e-3, peaks.f32_gflop_per_s * 1e-3,
                       peaks.copy_gb_per_s, peaks.permute_gb_per_s);
}

Result<CudaBenchRow> run_cuda_bench_case(CudaDevice& device, const BenchCase& bench_case, const DevicePeaks& peaks,
                                         int samples) {
    const Problem& problem = bench_case.problem;
    const Pattern pattern = TRY(parse_pattern(bench_case.pattern));
    const Plan plan = TRY(make_plan(pattern, problem));
    CudaBenchRow row{bench_row(bench_case), ""};
    const BenchTensors tensors = TRY(BenchTensors::allocate(device, problem));
    CudaOptions options;
    options.is_deterministic = false; // the fastest there is
    const CudaForward forward = TRY(CudaForward::prepare(device, plan, branch_count(pattern), options));
    TRY(forward.enqueue(tensors.forward(), {})); // what backward reads
    TRY(device.synchronize());
    row.kernel = forward.kernel().name;
    LaunchWork work = [&](const Stream& stream) { return forward.enqueue(tensors.forward(), stream); };
    CudaBackward backward;
    if (bench_case.direction == Direction::backward) {
        backward = TRY(CudaBackward::prepare(device, plan, pattern, options));
        row.kernel = backward.kernel().name;
        work = [&](const Stream& stream) { return backward.enqueue(tensors.backward(), stream); };
    }
    LaunchTimerOptions timer;
    timer.l2 = L2State::cold;
    const std::vector<double> times_ms = TRY(time_launches(device, work, samples, timer));
    set_rates(row, problem.batch, bench_flops(plan, bench_case.direction), times_ms,
              {peaks.gflop_per_s(problem.dtype)});
    row.memory_gb_per_s = peaks.copy_gb_per_s;
    return row;
}

Result<std::vector<CudaBenchRow>> run_cuda_bench(CudaDevice& device, std::span<const BenchCase> cases,
                                                 const DevicePeaks& peaks,
                                                 const std::function<void(const CudaBenchRow&)>& row_done) {
    std::vector<CudaBenchRow> rows;
    for (const BenchCase& bench_case : cases) {
        rows.push_back(TRY(run_cuda_bench_case(device, bench_case, peaks)));
        row_done(rows.back());
    }
    return rows;
}

Result<CudaBenchTable> measure_cuda_table(CudaDevice& device, std::span<const BenchCase> cases,
                                          const std::function<void(const std::string&)>& heading_done,
                                          const std::function<void(const CudaBenchRow&)>& row_done) {
    const DevicePeaks peaks = TRY(measure_device_peaks(device));
    heading_done(bench_table_heading("cuda: " + cuda_backend().status(), peaks_text(peaks)));
    const Telemetry telemetry(device.properties().pci_id);
    TelemetrySampler sampler(telemetry);
    CudaBenchTable table;
    table.rows = TRY(run_cuda_bench(device, cases, peaks, row_done));
    table.clocks = telemetry_text(sampler.finish());
    return table;
}

std::string telemetry_text(const TelemetrySummary& summary) {
    if (!summary.absence.empty()) return "clocks not known: " + summary.absence;
    const auto number = [](const std::optional<double>& value) {
        return value ? fmt::format("{:.0f}", *value) : std::string("?");
    };
    return fmt::format("clocks at least {} MHz, {} on average; at most {} W, {} °C{}{}",
                       number(summary.sm_clock_mhz_min), number(summary.sm_clock_mhz_mean), number(summary.power_w_max),
                       number(summary.temperature_c_max), summary.limits.empty() ? "" : "; limited by ",
                       fmt::join(summary.limits, ", "));
}

} // namespace dilascope
