#pragma once
// The benchmark as a server of one line a question, so that another program can time its own code and ours in turn, in
// one run, without the start of a process in our times (tests/peers).
#include <iosfwd>

namespace dilascope {

// What `engine_bench --help` says about the protocol.
extern const char* const serve_help;

// Answers until `quit` or the end of `in`: one line a question, flushed. Answers of what failed start with "error".
void serve_bench(std::istream& in, std::ostream& out);

} // namespace dilascope
