#include "app/verbs.h"

namespace dilascope {

void add_bench_verb(CLI::App&, Action&) {}

}  // namespace dilascope
