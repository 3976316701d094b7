#include "views/matrix_hover.h"
#include "views/cell_facts.h"
#include "views/matrix_plot.h"

namespace dilascope {

void draw_matrix_hover(Canvas& canvas, const Workspace& workspace, const MatrixFrame& frame, const MatrixMouse& mouse,
                       Rect bounds, std::span<const std::string> more) {
    const Selection& selection = workspace.selection;
    draw_picked_cell(canvas, frame, selection.picked_q, selection.picked_k);
    if (selection.hovered) draw_crosshair(canvas, frame, selection.q, selection.k);
    mouse.draw_box(canvas);
    if (mouse.hovered())
        draw_cell_card(canvas, cell_facts(workspace, selection.q, selection.k), workspace.pattern, mouse.mouse(),
                       bounds, more);
}

} // namespace dilascope
