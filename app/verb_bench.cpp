#include "app/verbs.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/cpu_bench.h"
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

namespace dilascope {

namespace {

struct BenchOptions {
    std::string target = "cpu";
    bool json = false, quick = false;
};

nlohmann::ordered_json json_of(const BenchRow& row) {
    nlohmann::ordered_json json;
    BenchRow::visit(row, [&](const Field& field, const auto& value) { json[field.name] = value; });
    return json;
}

// With --json rows are one array on standard output; else a table, each line as its case ends.
int bench_cpu(const BenchOptions& options) {
    if (!cpu_backend().available()) return bad_input(cpu_backend().status());
    if (!options.json) std::printf("cpu: %s\n%s\n", cpu_backend().status().c_str(), bench_table_header().c_str());
    const auto print_row = [&](const BenchRow& row) {
        if (options.json) return;
        std::printf("%s\n", bench_table_row(row).c_str());
        std::fflush(stdout);
    };
    const auto rows = run_cpu_bench(options.quick ? BenchSuite::quick : BenchSuite::full, print_row);
    if (!rows) return bad_input(rows.error().what);
    if (options.json) {
        nlohmann::ordered_json array = nlohmann::ordered_json::array();
        for (const BenchRow& row : *rows) array.push_back(json_of(row));
        std::printf("%s\n", array.dump(2).c_str());
    }
    return exit_ok;
}

} // namespace

void add_bench_verb(CLI::App& app, Action& action) {
    const auto options = std::make_shared<BenchOptions>();
    CLI::App* verb = app.add_subcommand("bench", "Measure attention rates beside this machine's peak");
    verb->add_option("target", options->target, "What to measure: cpu")
        ->check(CLI::IsMember({"cpu"}))
        ->capture_default_str();
    verb->add_flag("--json", options->json, "Rows as a JSON array");
    verb->add_flag("--quick", options->quick, "Four cases instead of all");
    verb->callback([options, &action] { action = [options] { return bench_cpu(*options); }; });
}

} // namespace dilascope
