#include "app/verbs.h"

namespace dilascope {

void add_attend_verb(CLI::App&, Action&) {}

}  // namespace dilascope
