#pragma once
// PatternTools: the choices above a picture of a pattern: what its colours say, tiles over it, the pattern to compare
// with.
#include "views/canvas.h"
#include "views/pattern_image.h"
#include "views/workspace.h"

namespace dilascope {

class PatternTools {
public:
    // At the top of `area`; returns the height they take.
    float draw(Workspace& workspace, Canvas& canvas, Rect area);
    // The chosen colours, or branches for a pattern that has none of these.
    PictureColours colours_of(const Pattern& pattern) const;
    bool has_tiles() const { return has_tiles_; } // of workspace.tile_tokens

private:
    void draw_colours(const Workspace& workspace);
    void draw_tile_choice(Workspace& workspace, Canvas& canvas);
    void draw_compare(Workspace& workspace, Canvas& canvas);

    PictureColours colours_ = PictureColours::branches;
    bool has_tiles_ = false;
};

} // namespace dilascope
