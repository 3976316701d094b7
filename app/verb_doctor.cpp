#include "app/cuda_report.h"
#include "app/verbs.h"
#include "engine/backends/backend.h"
#include "engine/pattern/pattern_text.h"
#include "experiments/run.h"
#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dilascope {

namespace {

using Json = nlohmann::ordered_json;

Json environment_json() {
    Json json;
    Environment::visit(this_environment(), [&](const Field& field, const auto& value) { json[field.name] = value; });
    return json;
}

// Which kernel each backend would use for a few typical problems, and why.
Json choices_json() {
    Json json = Json::array();
    for (const Backend* backend : backends())
        for (const char* text :
             {"dense", "longnet segments=2048,4096,8192 rates=1,2,4", "seed segments=2048,4096,8192 rates=1,2,4"})
            for (const std::string_view dtype : element_names)
                for (Direction direction : {Direction::forward, Direction::backward}) {
                    Problem problem = self_attention(8192, 12, 64);
                    if (!set_elements(problem, dtype)) continue;
                    const KernelChoice choice = backend->choose(problem, parse_pattern(text).value(), direction);
                    json.push_back({{"backend", backend->name()},
                                    {"pattern", text},
                                    {"dtype", dtype},
                                    {"direction", enum_name(direction)},
                                    {"kernel", choice.kernel},
                                    {"reason", choice.reason}});
                }
    return json;
}

Json backends_json() {
    Json json = Json::array();
    for (const Backend* backend : backends())
        json.push_back({{"name", backend->name()}, {"available", backend->available()}, {"status", backend->status()}});
    return json;
}

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

void print_text(const Json& report) {
    fmt::print("Environment\n");
    for (const auto& [name, value] : report["environment"].items())
        fmt::print("  {:<12} {}\n", name, plain(value).empty() ? "not known" : plain(value));
    fmt::print("\nBackends, in order of preference\n");
    for (const Json& backend : report["backends"])
        fmt::print("  {:<12} {}{}\n", plain(backend["name"]),
                   backend["available"] ? "" : "not available: ", plain(backend["status"]));
    fmt::print("\nCUDA\n");
    fmt::print("{}", cuda_report_text(report["cuda"]));
    fmt::print("\nKernel chosen (8192 tokens, 12 heads of 64)\n");
    for (const Json& choice : report["kernels"])
        fmt::print("  {:<10} {:<5} {:<9} {:<46} {}: {}\n", plain(choice["backend"]), plain(choice["dtype"]),
                   plain(choice["direction"]), plain(choice["pattern"]),
                   plain(choice["kernel"]).empty() ? "none" : plain(choice["kernel"]), plain(choice["reason"]));
}

} // namespace

void add_doctor_verb(CLI::App& app, Action& action) {
    auto json = std::make_shared<bool>(false);
    CLI::App* verb = app.add_subcommand("doctor", "What this machine offers, and which kernel is chosen for what");
    verb->add_flag("--json", *json, "Print JSON");
    verb->callback([json, &action] {
        action = [json] {
            const Json report = {{"environment", environment_json()},
                                 {"backends", backends_json()},
                                 {"cuda", cuda_report(cuda_status(), nvml())},
                                 {"kernels", choices_json()}};
            if (*json)
                fmt::print("{}\n", report.dump(2));
            else
                print_text(report);
            return int(exit_ok);
        };
    });
}

} // namespace dilascope
