#pragma once
// FontFiles: where the typefaces of a text style lie on this machine.
#include "views/canvas.h"
#include <string>

namespace dilascope {

struct FontFiles {
    std::string face;    // Inter or JetBrains Mono, else DejaVu; empty when none of them is installed
    std::string symbols; // DejaVu, for glyphs the face lacks; may be empty
};

// Searched once, by file name, in the system's and the user's font folders.
const FontFiles& font_files(TextStyle style);

inline bool is_monospaced(TextStyle style) { return style == TextStyle::number || style == TextStyle::caption_number; }

} // namespace dilascope
