#include "views/view.h"
#include <imgui.h>
#include <imgui_internal.h>

namespace dilascope {

namespace {

std::vector<MarkedItem>& items() {
    static std::vector<MarkedItem> list;
    return list;
}

} // namespace

void mark_item(const char* id) {
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const bool enabled = (GImGui->CurrentItemFlags & ImGuiItemFlags_Disabled) == 0;
    items().push_back({id, {low.x, low.y, high.x - low.x, high.y - low.y}, enabled});
}

const std::vector<MarkedItem>& marked_items() { return items(); }

void clear_marked_items() { items().clear(); }

} // namespace dilascope
