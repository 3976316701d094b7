#pragma once
// The headless verbs of the command line. To add one: a file verb_x.cpp with add_x_verb() and one line in
// command_line.cpp. A verb adds its options to `app` and sets `action`, which runs after parsing and returns the exit
// code.
#include <CLI/CLI.hpp>
#include <functional>

namespace dilascope {

enum ExitCode {
    exit_ok = 0,
    exit_cases_failed = 1,
    exit_bad_input = 2,
    exit_regression = 3,
    exit_no_device = 4,
    exit_cancelled = 130
};

using Action = std::function<int()>;

void add_attend_verb(CLI::App& app, Action& action);
void add_pattern_verb(CLI::App& app, Action& action);
void add_batch_verb(CLI::App& app, Action& action);
void add_runs_verb(CLI::App& app, Action& action);
void add_bench_verb(CLI::App& app, Action& action);
void add_render_verb(CLI::App& app, Action& action);
void add_doctor_verb(CLI::App& app, Action& action);
// The workbench window, when no verb is given.
void add_window(CLI::App& app, Action& action);

// Prints "dilascope: <error>" to stderr and returns exit_bad_input.
int bad_input(const std::string& what);

} // namespace dilascope
