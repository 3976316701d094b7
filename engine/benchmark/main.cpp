// engine_bench: the CPU benchmark without the workbench, for machines that build the engine alone.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/cpu_bench.h"
#include "engine/benchmark/serve.h"
#include <cstdio>
#include <iostream>
#include <string_view>

namespace {

using namespace dilascope;

int run_suite(BenchSuite suite) {
    const Result<MachinePeaks> peaks = measure_machine_peaks();
    if (!peaks) {
        std::fprintf(stderr, "engine_bench: %s\n", peaks.error().what.c_str());
        return 2;
    }
    std::printf("cpu: %s\n%s\n%s\n", cpu_backend().status().c_str(), peaks_text(*peaks).c_str(),
                bench_table_header().c_str());
    const Result<std::vector<BenchRow>> rows = run_cpu_bench(suite, *peaks, [](const BenchRow& row) {
        std::printf("%s\n", bench_table_row(row).c_str());
        std::fflush(stdout);
    });
    if (!rows) {
        std::fprintf(stderr, "engine_bench: %s\n", rows.error().what.c_str());
        return 2;
    }
    return 0;
}

int print_help() {
    std::printf("usage: engine_bench             every case, some minutes\n"
                "       engine_bench --quick     a few cases, under 20 seconds\n"
                "       engine_bench --scaling   LongNet's table at 16k … 1M tokens, each length beside its half\n"
                "       engine_bench --serve     answers questions on standard input, one line each:\n%s",
                serve_help);
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view option = argc == 2 ? argv[1] : "";
    if (argc == 1) return run_suite(BenchSuite::full);
    if (option == "--quick") return run_suite(BenchSuite::quick);
    if (option == "--scaling") return run_suite(BenchSuite::scaling);
    if (option == "--help") return print_help();
    if (option == "--serve") return serve_bench(std::cin, std::cout), 0;
    std::fprintf(stderr, "engine_bench: expected nothing, --quick, --scaling, --serve or --help\n");
    return 2;
}
