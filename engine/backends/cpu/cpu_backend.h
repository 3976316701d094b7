#pragma once
// The `cpu` backend: forward attention over any plan, by blocked online softmax on every core.
#include "engine/backends/backend.h"

namespace dilascope {

Backend& cpu_backend();

} // namespace dilascope
