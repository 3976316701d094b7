#pragma once
// Empty state: what a panel shows while it has nothing to show.
#include "views/canvas.h"
#include <string_view>

namespace dilascope {

// One sentence about what will appear here, a muted remark (may be empty), and the button that makes it appear, marked
// as `id`. Returns whether it was pressed.
bool empty_state(const Canvas& canvas, std::string_view sentence, std::string_view remark, const char* id,
                 const char* button);

} // namespace dilascope
