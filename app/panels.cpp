#include "app/panels.h"
#include "app/controls.h"
#include "app/solid_fill.h"
#include "app/workbench.h"
#include "views/imgui_canvas.h"

namespace dilascope {
namespace {

constexpr float tab_strip_height = 36;

}

void Panels::draw(Workbench& workbench, Rect area, float scale) {
    const Placement placement = place(workbench.layout(), area);
    int index = 0;
    for (const PlacedLeaf& placed : placement.leaves) draw_leaf(workbench, *placed.node, placed.rect, index++, scale);
    index = 0;
    for (const PlacedSplitter& splitter : placement.splitters) draw_splitter(splitter, index++, scale);
    textures_.end_frame();
}

void Panels::draw_leaf(Workbench& workbench, LayoutNode& leaf, Rect rect, int index, float scale) {
    ImGui::SetCursorScreenPos({std::round(rect.x * scale), std::round(rect.y * scale)});
    const ImVec2 size = {std::round(rect.width * scale), std::round(rect.height * scale)};
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    const std::string name = "leaf/" + std::to_string(index);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    solid_panel(ImGui::GetWindowDrawList(), {at.x, at.y, size.x, size.y}, theme().panel, space::radius * scale);
    ImGui::BeginChild(name.c_str(), size, true, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PopStyleVar();
    if (leaf.views.size() > 1) draw_tabs(workbench, leaf, scale);
    if (leaf.active < 0 || leaf.active >= int(leaf.views.size())) leaf.active = 0;
    if (!leaf.views.empty())
        if (View* view = workbench.find_view(leaf.views[std::size_t(leaf.active)])) draw_view(workbench, *view, scale);
    ImGui::EndChild();
}

void Panels::draw_tabs(Workbench& workbench, LayoutNode& leaf, float scale) {
    ImGui::SetCursorPos({space::gap * scale, 6 * scale});
    for (int index = 0; index < int(leaf.views.size()); ++index) {
        const View* view = workbench.find_view(leaf.views[std::size_t(index)]);
        if (!view) continue;
        if (index > 0) ImGui::SameLine(0, space::grid * scale);
        const std::string id = std::string("tab/") + view->name();
        const bool chosen = index == leaf.active;
        if (quiet_button(id.c_str(), view->title(), chosen, chosen ? TextStyle::title : TextStyle::body)) {
            leaf.active = index;
            focused_ = view->name();
        }
        item_tooltip(view->help());
    }
    ImGui::SetCursorPos({0, tab_strip_height * scale});
}

void Panels::draw_view(Workbench& workbench, View& view, float scale) {
    const std::string id = std::string("view/") + view.name();
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(space::padding * scale, space::padding * scale));
    ImGui::BeginChild(id.c_str(), ImGui::GetContentRegionAvail(), false, ImGuiWindowFlags_AlwaysUseWindowPadding);
    ImGui::PopStyleVar();
    const ImVec2 at = ImGui::GetWindowPos();
    ImGuiCanvas canvas(ImGui::GetWindowDrawList(), {at.x, at.y}, scale, &textures_);
    view.draw(workbench.workspace, canvas);
    if (ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows) && ImGui::IsMouseClicked(ImGuiMouseButton_Left))
        focused_ = view.name();
    ImGui::EndChild();
    mark_item(id.c_str());
}

void Panels::draw_splitter(const PlacedSplitter& splitter, int index, float scale) {
    const Rect r = splitter.rect;
    ImGui::SetCursorScreenPos({std::round(r.x * scale), std::round(r.y * scale)});
    const std::string id = "splitter/" + std::to_string(index);
    ImGui::InvisibleButton(id.c_str(), {std::max(1.f, r.width * scale), std::max(1.f, r.height * scale)});
    mark_item(id.c_str());
    const bool is_columns = splitter.node->split == Split::columns;
    const bool held = ImGui::IsItemActive();
    if (held || ImGui::IsItemHovered()) {
        ImGui::SetMouseCursor(is_columns ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
        const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
        const ImVec2 middle = {(low.x + high.x) / 2, (low.y + high.y) / 2};
        const float half = scale; // a line of 2 logical pixels
        const ImU32 colour = colour_u32(theme().accent.with_alpha(held ? 1.f : 0.6f));
        if (is_columns) {
            ImGui::GetWindowDrawList()->AddRectFilled({middle.x - half, low.y}, {middle.x + half, high.y}, colour);
        } else {
            ImGui::GetWindowDrawList()->AddRectFilled({low.x, middle.y - half}, {high.x, middle.y + half}, colour);
        }
    }
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (held && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 0))
        move_splitter(splitter, {mouse.x / scale, mouse.y / scale});
}

} // namespace dilascope
