#include "app/verbs.h"

namespace dilascope {

void add_window(CLI::App&, Action& action) { action = [] { return bad_input("no window yet"); }; }

}  // namespace dilascope
