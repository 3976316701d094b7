#pragma once
// The command line of the one binary: verbs, their options, exit codes.
namespace dilascope {

// Parses, runs the verb (or the window), returns the exit code of verbs.h. Never throws.
int run_command_line(int argc, char** argv);

} // namespace dilascope
