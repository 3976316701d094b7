#pragma once
// HeadChooser: "‹ head 3 of 0 … 11 ›" for every view that shows one head; arrows, wheel, and [ ] through the command
// table.
#include "views/canvas.h"
#include "views/workspace.h"

namespace dilascope {

std::string head_text(std::int64_t head, const Problem& problem);
// At the cursor, items marked "<prefix>/head" and so on; returns the logical x after it. Draws nothing for a single
// head.
float head_chooser(Workspace& workspace, const Canvas& canvas, const char* prefix);

} // namespace dilascope
