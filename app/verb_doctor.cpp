#include "app/verbs.h"

namespace dilascope {

void add_doctor_verb(CLI::App&, Action&) {}

}  // namespace dilascope
