#pragma once
// Interrupt: Ctrl-C cancels what runs, so that a verb can end in order with exit_cancelled; a second one ends at once.
#include "engine/backends/backend.h"

namespace dilascope {

// From now on SIGINT and SIGTERM set the flag that this returns; it lives as long as the program.
const CancelFlag* cancel_on_interrupt();

} // namespace dilascope
