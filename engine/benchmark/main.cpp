// engine_bench: the benchmarks without the workbench, for machines that build the engine alone.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/cpu_bench.h"
#include "engine/benchmark/cuda_bench.h"
#include "engine/benchmark/serve.h"
#include <cstdio>
#include <iostream>
#include <string_view>

namespace {

using namespace dilascope;

constexpr int exit_bad_input = 2, exit_no_device = 4; // as the workbench's verbs end

struct Arguments {
    BenchSuite suite = BenchSuite::full;
    bool cuda = false;
    std::string only; // words that a CUDA case's text must have
};

int complain(const std::string& what, int exit_code = exit_bad_input) {
    std::fprintf(stderr, "engine_bench: %s\n", what.c_str());
    return exit_code;
}

void print_line(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

int bench_cpu(const Arguments& arguments) {
    const Result<MachinePeaks> peaks = measure_machine_peaks();
    if (!peaks) return complain(peaks.error().what);
    print_line(bench_table_heading("cpu: " + cpu_backend().status(), peaks_text(*peaks)));
    const auto rows =
        run_cpu_bench(arguments.suite, *peaks, [](const BenchRow& row) { print_line(bench_table_row(row)); });
    return rows ? 0 : complain(rows.error().what);
}

int bench_cuda(const Arguments& arguments) {
    const auto cases = cases_with(cuda_bench_cases(arguments.suite), arguments.only);
    if (!cases) return complain(cases.error().what);
    const Result<CudaDevice*> device = cuda_device();
    if (!device) return complain(device.error().what, exit_no_device);
    const auto table = measure_cuda_table(**device, *cases, print_line, [](const CudaBenchRow& row) {
        print_line(bench_table_row(row) + " by " + row.kernel);
    });
    if (!table) return complain(table.error().what);
    print_line(table->clocks);
    return 0;
}

int print_help() {
    std::printf(
        "usage: engine_bench             every case, some minutes\n"
        "       engine_bench --quick     a few cases, under 20 seconds\n"
        "       engine_bench --scaling   LongNet's table at 16k … 1M tokens, each length beside its half\n"
        "       engine_bench --cuda [--quick | --scaling] [--only WORDS]\n"
        "                                the cases of a GPU, or those whose text has each of the words; such a\n"
        "                                text: \"%s\"\n"
        "       engine_bench --serve     answers questions on standard input, one line each:\n%s",
        case_text(cuda_bench_cases(BenchSuite::quick).back()).c_str(), serve_help);
    return 0;
}

Result<Arguments> parse(int argc, char** argv) {
    Arguments arguments;
    for (int at = 1; at < argc; ++at) {
        const std::string_view option = argv[at];
        if (option == "--cuda")
            arguments.cuda = true;
        else if (option == "--quick" && arguments.suite == BenchSuite::full)
            arguments.suite = BenchSuite::quick;
        else if (option == "--scaling" && arguments.suite == BenchSuite::full)
            arguments.suite = BenchSuite::scaling;
        else if (option == "--only" && at + 1 < argc)
            arguments.only = argv[++at];
        else
            return fail("expected nothing, --quick, --scaling, --cuda [--only WORDS], --serve or --help; found \"" +
                        std::string(option) + "\"");
    }
    if (!arguments.only.empty() && !arguments.cuda) return fail("--only chooses among the cases of --cuda");
    return arguments;
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view option = argc == 2 ? argv[1] : "";
    if (option == "--help") return print_help();
    if (option == "--serve") return serve_bench(std::cin, std::cout), 0;
    const Result<Arguments> arguments = parse(argc, argv);
    if (!arguments) return complain(arguments.error().what);
    return arguments->cuda ? bench_cuda(*arguments) : bench_cpu(*arguments);
}
