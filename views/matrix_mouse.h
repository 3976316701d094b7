#pragma once
// MatrixMouse: mouse and keys over a picture of the attention matrix, the same in every view that shows one.
// Wheel zooms at the cursor (Ctrl finer, Shift faster), drag pans, right-drag zooms to a box, double-click fits,
// click picks, right-click opens the context menu. When something else picks a cell (arrow keys, go to), it is brought
// into sight.
#include "views/canvas.h"
#include "views/workspace.h"

namespace dilascope {

class MatrixMouse {
public:
    // Puts an invisible item over the viewport, marked as `id`, and moves camera and selection of the workspace.
    void handle(Workspace& workspace, Canvas& canvas, const MatrixFrame& frame, const char* id);
    // True from the frame of a right-click until taken.
    bool take_menu_request();
    bool hovered() const { return hovered_; } // the mouse is over a cell
    Point mouse() const { return mouse_; }    // logical
    // The box being dragged out, while there is one.
    void draw_box(Canvas& canvas) const;

private:
    void handle_wheel(Workspace& workspace, const MatrixFrame& frame);
    void handle_buttons(Workspace& workspace, const MatrixFrame& frame, bool item_active, bool item_hovered);
    void follow_pick(Workspace& workspace, const MatrixFrame& frame);

    Point mouse_, box_start_;
    std::int64_t picked_q_ = 0, picked_k_ = 0; // as last seen
    bool hovered_ = false, panning_ = false, boxing_ = false, menu_requested_ = false;
};

} // namespace dilascope
