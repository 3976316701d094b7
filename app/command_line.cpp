#include "app/command_line.h"
#include "app/verbs.h"
#include "experiments/mask_file.h"
#include <cstdio>

namespace dilascope {

int bad_input(const std::string& what) {
    std::fprintf(stderr, "dilascope: %s\n", what.c_str());
    return exit_bad_input;
}

int run_command_line(int argc, char** argv) {
    use_mask_files();
    CLI::App app("Dilascope: a workbench for people who design long-context attention", "dilascope");
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.require_subcommand(0, 1);
    Action action;
    add_window(app, action);
    add_attend_verb(app, action);
    add_pattern_verb(app, action);
    add_batch_verb(app, action);
    add_runs_verb(app, action);
    add_bench_verb(app, action);
    add_render_verb(app, action);
    add_doctor_verb(app, action);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
        return app.exit(help);
    } catch (const CLI::ParseError& error) {
        return bad_input(std::string(error.what()) + "; see dilascope --help");
    }
    try {
        return action();
    } catch (const std::exception& error) {
        return bad_input(error.what());
    }
}

} // namespace dilascope
