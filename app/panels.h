#pragma once
// Panels: the layout's leaves with their views, tabs and draggable splitters.
#include "app/layout.h"
#include "app/textures.h"
#include "views/view.h"
#include <string>

namespace dilascope {

class Workbench;

class Panels {
public:
    // `area` in logical pixels of the window.
    void draw(Workbench& workbench, Rect area, float scale);
    // Name of the view that was clicked last.
    const std::string& focused() const { return focused_; }
    void focus(const std::string& view) { focused_ = view; }

private:
    void draw_leaf(Workbench& workbench, LayoutNode& leaf, Rect rect, int index, float scale);
    void draw_tabs(Workbench& workbench, LayoutNode& leaf, float scale);
    void draw_view(Workbench& workbench, View& view, float scale);
    void draw_splitter(const PlacedSplitter& splitter, int index, float scale);
    Textures textures_;
    std::string focused_ = "pattern";
};

} // namespace dilascope
