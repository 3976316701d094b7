#include "app/verbs.h"
#include "app/visited_json.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cuda/cuda_backend.h"
#include "engine/benchmark/cpu_bench.h"
#include "engine/benchmark/cuda_bench.h"
#include "engine/benchmark/density_bench.h"
#include <cstdio>
#include <memory>

namespace dilascope {

namespace {

struct BenchOptions {
    std::string target = "cpu";
    bool json = false;
    BenchSuite suite = BenchSuite::full;
};

template <class Row> void print_json(const std::vector<Row>& rows) {
    nlohmann::ordered_json array = nlohmann::ordered_json::array();
    for (const Row& row : rows) array.push_back(json_of(row));
    std::printf("%s\n", array.dump(2).c_str());
}

// With --json rows are one array on standard output; else a table, each line as its case ends.
int bench_cpu(const BenchOptions& options) {
    if (!cpu_backend().available()) return bad_input(cpu_backend().status());
    const Result<MachinePeaks> peaks = measure_machine_peaks();
    if (!peaks) return bad_input(peaks.error().what);
    if (!options.json)
        std::printf("cpu: %s\n%s\n%s\n", cpu_backend().status().c_str(), peaks_text(*peaks).c_str(),
                    bench_table_header().c_str());
    const auto print_row = [&](const BenchRow& row) {
        if (options.json) return;
        std::printf("%s\n", bench_table_row(row).c_str());
        std::fflush(stdout);
    };
    const auto rows = run_cpu_bench(options.suite, *peaks, print_row);
    if (!rows) return bad_input(rows.error().what);
    if (options.json) print_json(*rows);
    return exit_ok;
}

int bench_cuda(const BenchOptions& options) {
    const Result<CudaDevice*> device = cuda_device();
    if (!device) {
        bad_input(device.error().what);
        return exit_no_device;
    }
    const Result<DevicePeaks> peaks = measure_device_peaks(**device);
    if (!peaks) return bad_input(peaks.error().what);
    if (!options.json)
        std::printf("cuda: %s\n%s\n%s\n", cuda_backend().status().c_str(), peaks_text(*peaks).c_str(),
                    bench_table_header().c_str());
    const Telemetry telemetry((*device)->properties().pci_id);
    TelemetrySampler sampler(telemetry);
    const auto rows = run_cuda_bench(**device, options.suite, *peaks, [&](const BenchRow& row) {
        if (options.json) return;
        std::printf("%s\n", bench_table_row(row).c_str());
        std::fflush(stdout);
    });
    const std::string clocks = telemetry_text(sampler.finish());
    if (!rows) return bad_input(rows.error().what);
    if (options.json) print_json(*rows);
    std::fprintf(options.json ? stderr : stdout, "%s\n", clocks.c_str());
    return exit_ok;
}

int bench_density(const BenchOptions& options) {
    if (!options.json) std::printf("1024 × 1024 pixels, 2 threads\n%s\n", density_table_header().c_str());
    const auto rows = run_density_bench([&](const DensityRow& row) {
        if (options.json) return;
        std::printf("%s\n", density_table_row(row).c_str());
        std::fflush(stdout);
    });
    if (options.json) print_json(rows);
    return exit_ok;
}

} // namespace

void add_bench_verb(CLI::App& app, Action& action) {
    const auto options = std::make_shared<BenchOptions>();
    CLI::App* verb = app.add_subcommand(
        "bench", "Measure attention beside this machine's peak, or the exact pictures of huge patterns");
    verb->add_option("target", options->target,
                     "What to measure: attention on the cpu or on a GPU, or the density pictures")
        ->check(CLI::IsMember({"cpu", "cuda", "density"}))
        ->capture_default_str();
    verb->add_flag("--json", options->json, "Rows as a JSON array");
    const auto add_suite = [&](const char* flag, BenchSuite suite, const char* help) {
        return verb->add_flag_callback(
            flag, [options, suite] { options->suite = suite; }, help);
    };
    CLI::Option* quick = add_suite("--quick", BenchSuite::quick, "A few cases of attention, under 20 seconds");
    add_suite("--scaling", BenchSuite::scaling, "LongNet's table at 16k to 1M tokens, each length beside its half")
        ->excludes(quick);
    verb->callback([options, &action] {
        action = [options] {
            if (options->target == "cuda") return bench_cuda(*options);
            return options->target == "cpu" ? bench_cpu(*options) : bench_density(*options);
        };
    });
}

} // namespace dilascope
