#include "app/verbs.h"

namespace dilascope {

void add_render_verb(CLI::App&, Action&) {}

}  // namespace dilascope
