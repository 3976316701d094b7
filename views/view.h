#pragma once
// View: one panel. To add one: x_view.h/.cpp and one line in views.cpp; menu, palette, layout, `render` and the
// headless draw test pick it up.
#include "views/canvas.h"
#include "views/workspace.h"
#include <memory>
#include <span>
#include <vector>

namespace dilascope {

class View {
public:
    virtual ~View() = default;
    virtual const char* name() const = 0;  // "pattern": id in commands, layouts and `render --view`
    virtual const char* title() const = 0; // "Pattern"
    virtual const char* help() const = 0;  // one sentence
    // Draws into the current ImGui child window and handles its input. `canvas` covers the same window.
    virtual void draw(Workspace& workspace, Canvas& canvas) = 0;
    // Draws the view's picture for export: title, units, legend, configuration text and hash in the corner.
    // False when the view has no figure form (a form, a table).
    virtual bool draw_figure(const Workspace&, Canvas&, Rect) { return false; }
    // False while a picture of its own is still being computed or moves; `render` and GUI scripts wait for it, and
    // frames follow one another.
    virtual bool is_complete() const { return true; }
    // It draws results of the live engine, so a picture of it alone needs them.
    virtual bool shows_live() const { return false; }
};

// A fresh set of all views, in menu order.
std::vector<std::unique_ptr<View>> make_views();

// Records the rectangle of the last ImGui item under an id such as "config/rates/1", for GUI scripts and `--dump-ui`.
void mark_item(const char* id);
struct MarkedItem {
    std::string id;
    Rect rect; // screen pixels
    bool enabled = true;
};
const std::vector<MarkedItem>& marked_items(); // of the frame being drawn
void clear_marked_items();                     // at the start of a frame

} // namespace dilascope
