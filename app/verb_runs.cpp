#include "app/verbs.h"

namespace dilascope {

void add_runs_verb(CLI::App&, Action&) {}

}  // namespace dilascope
