#include "views/matrix_mouse.h"
#include "views/theme.h"
#include "views/view.h"
#include <cmath>
#include <imgui.h>
#include <imgui_internal.h>

namespace dilascope {

namespace {

Rect box_between(Point a, Point b) {
    return {std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x), std::abs(a.y - b.y)};
}

} // namespace

void MatrixMouse::handle(Workspace& workspace, Canvas& canvas, const MatrixFrame& frame, const char* id) {
    const float scale = canvas.scale();
    const Point origin = canvas.from_screen({0, 0});
    ImGui::SetCursorScreenPos({(frame.viewport.x - origin.x) * scale, (frame.viewport.y - origin.y) * scale});
    ImGui::InvisibleButton(id,
                           {std::max(1.f, frame.viewport.width * scale), std::max(1.f, frame.viewport.height * scale)},
                           ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight);
    mark_item(id);
    // Not while something lies over it, such as a divider.
    const bool item_hovered = ImGui::IsItemHovered() && ImGui::GetHoveredID() == ImGui::GetItemID();
    const bool item_active = ImGui::IsItemActive();
    const ImVec2 screen = ImGui::GetIO().MousePos;
    mouse_ = canvas.from_screen({screen.x, screen.y});

    if (item_hovered) {
        ImGui::SetItemUsingMouseWheel();
        handle_wheel(workspace, frame);
    }
    handle_buttons(workspace, frame, item_active, item_hovered);
    std::int64_t q = 0, k = 0;
    const bool over_cell = (item_hovered || item_active) && frame.cell_at(mouse_, q, k);
    if (over_cell)
        workspace.hover(q, k);
    else if (hovered_)
        workspace.end_hover();
    hovered_ = over_cell;
    follow_pick(workspace, frame);
}

void MatrixMouse::handle_wheel(Workspace& workspace, const MatrixFrame& frame) {
    const ImGuiIO& io = ImGui::GetIO();
    if (io.MouseWheel != 0)
        zoom_at(workspace.camera, frame, mouse_, wheel_zoom(io.MouseWheel, io.KeyCtrl, io.KeyShift));
    if (io.MouseWheelH != 0) pan_by(workspace.camera, frame, {io.MouseWheelH * 40, 0});
}

void MatrixMouse::handle_buttons(Workspace& workspace, const MatrixFrame& frame, bool item_active, bool item_hovered) {
    const ImGuiIO& io = ImGui::GetIO();
    std::int64_t q = 0, k = 0;
    if (item_hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
        workspace.camera = MatrixCamera{};
        return;
    }
    const float scale = frame.viewport.width > 0 ? ImGui::GetItemRectSize().x / frame.viewport.width : 1;
    if (item_active && ImGui::IsMouseDragging(ImGuiMouseButton_Left, drag_threshold * scale)) {
        if (panning_) pan_by(workspace.camera, frame, {io.MouseDelta.x / scale, io.MouseDelta.y / scale});
        panning_ = true;
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    }
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Left)) {
        if (item_hovered && !panning_ && frame.cell_at(mouse_, q, k)) workspace.pick(q, k);
        panning_ = false;
    }
    if (item_hovered && ImGui::IsMouseClicked(ImGuiMouseButton_Right)) box_start_ = mouse_;
    if (item_active && ImGui::IsMouseDragging(ImGuiMouseButton_Right, drag_threshold * scale)) boxing_ = true;
    if (ImGui::IsMouseReleased(ImGuiMouseButton_Right)) {
        if (boxing_) {
            const Rect box = box_between(box_start_, mouse_);
            const double side = std::max(1.f, std::max(box.width, box.height)) / frame.pixels_per_token;
            go_to(workspace.camera, frame, std::int64_t(frame.q_at(box.y + box.height / 2)),
                  std::int64_t(frame.k_at(box.x + box.width / 2)), side);
        } else if (item_hovered) {
            if (frame.cell_at(mouse_, q, k)) workspace.pick(q, k);
            menu_requested_ = true;
        }
        boxing_ = false;
    }
}

void MatrixMouse::follow_pick(Workspace& workspace, const MatrixFrame& frame) {
    const Selection& selection = workspace.selection;
    if (selection.picked_q == picked_q_ && selection.picked_k == picked_k_) return;
    picked_q_ = selection.picked_q;
    picked_k_ = selection.picked_k;
    reveal(workspace.camera, frame, picked_q_, picked_k_);
}

bool MatrixMouse::take_menu_request() { return std::exchange(menu_requested_, false); }

void MatrixMouse::draw_box(Canvas& canvas) const {
    if (!boxing_) return;
    const Rect box = box_between(box_start_, mouse_);
    canvas.filled_rectangle(box, theme().accent.with_alpha(0.12f));
    canvas.rectangle(box, theme().accent, 1);
}

} // namespace dilascope
