#include "views/head_chooser.h"
#include "views/number_format.h"
#include "views/view.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_internal.h>

namespace dilascope {

std::string head_text(std::int64_t head, const Problem& problem) {
    return fmt::format("head {} of 0 … {}", format_count(head), format_count(problem.heads - 1));
}

float head_chooser(Workspace& workspace, const Canvas& canvas, const char* prefix) {
    const auto id = [prefix](const char* part) { return std::string(prefix) + "/" + part; };
    const std::int64_t head = workspace.selection.head, last = workspace.problem.heads - 1;
    if (last < 1) return content_area(canvas).x;
    const auto arrow = [&](const char* part, ImGuiDir direction, std::int64_t target, const char* help) {
        ImGui::BeginDisabled(target < 0 || target > last);
        if (ImGui::ArrowButton(id(part).c_str(), direction)) workspace.select_head(target);
        mark_item(id(part).c_str());
        ImGui::EndDisabled();
        item_tooltip(help);
        ImGui::SameLine(0, 4 * canvas.scale());
    };
    arrow("previous_head", ImGuiDir_Left, head - 1, "Previous head  [");
    text_button(id("head").c_str(), head_text(head, workspace.problem));
    if (ImGui::IsItemHovered()) {
        ImGui::SetItemUsingMouseWheel();
        if (const float notches = ImGui::GetIO().MouseWheel; notches != 0)
            workspace.select_head(head - (notches > 0 ? 1 : -1));
    }
    item_tooltip("The wheel changes the head. Heads count from 0.");
    ImGui::SameLine(0, 4 * canvas.scale());
    arrow("next_head", ImGuiDir_Right, head + 1, "Next head  ]");
    const ImVec2 corner = ImGui::GetItemRectMax();
    ImGui::NewLine();
    return canvas.from_screen({corner.x, corner.y}).x;
}

} // namespace dilascope
