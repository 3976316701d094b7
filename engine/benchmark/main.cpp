// engine_bench: the CPU benchmark without the workbench, for machines that build the engine alone. `--quick` runs four
// cases.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/cpu_bench.h"
#include <cstdio>
#include <string_view>

int main(int argc, char** argv) {
    using namespace dilascope;
    BenchSuite suite = BenchSuite::full;
    for (int index = 1; index < argc; ++index) {
        if (std::string_view(argv[index]) != "--quick") {
            std::fprintf(stderr, "engine_bench: unknown argument \"%s\"; expected --quick or nothing\n", argv[index]);
            return 2;
        }
        suite = BenchSuite::quick;
    }
    std::printf("cpu: %s\n%s\n", cpu_backend().status().c_str(), bench_table_header().c_str());
    const Result<std::vector<BenchRow>> rows = run_cpu_bench(suite, [](const BenchRow& row) {
        std::printf("%s\n", bench_table_row(row).c_str());
        std::fflush(stdout);
    });
    if (!rows) {
        std::fprintf(stderr, "engine_bench: %s\n", rows.error().what.c_str());
        return 2;
    }
    return 0;
}
