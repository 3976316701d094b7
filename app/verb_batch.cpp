#include "app/verbs.h"

namespace dilascope {

void add_batch_verb(CLI::App&, Action&) {}

}  // namespace dilascope
