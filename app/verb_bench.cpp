#include "app/verbs.h"
#include "app/visited_json.h"
#include "engine/backends/cpu/cpu_backend.h"
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
void print_line(const BenchOptions& options, const std::string& line) {
    if (options.json) return;
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

int bench_cpu(const BenchOptions& options) {
    if (!cpu_backend().available()) return bad_input(cpu_backend().status());
    const Result<MachinePeaks> peaks = measure_machine_peaks();
    if (!peaks) return bad_input(peaks.error().what);
    print_line(options, bench_table_heading("cpu: " + cpu_backend().status(), peaks_text(*peaks)));
    const auto rows =
        run_cpu_bench(options.suite, *peaks, [&](const BenchRow& row) { print_line(options, bench_table_row(row)); });
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
    const auto table = measure_cuda_table(
        **device, cuda_bench_cases(options.suite), [&](const std::string& heading) { print_line(options, heading); },
        [&](const CudaBenchRow& row) { print_line(options, bench_table_row(row)); });
    if (!table) return bad_input(table.error().what);
    if (options.json) print_json(table->rows);
    std::fprintf(options.json ? stderr : stdout, "%s\n", table->clocks.c_str());
    return exit_ok;
}

int bench_density(const BenchOptions& options) {
    print_line(options, "1024 × 1024 pixels, 2 threads\n" + density_table_header());
    const auto rows = run_density_bench([&](const DensityRow& row) { print_line(options, density_table_row(row)); });
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
