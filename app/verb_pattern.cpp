#include "app/verbs.h"

namespace dilascope {

void add_pattern_verb(CLI::App&, Action&) {}

}  // namespace dilascope
