#include "app/controls.h"
#include "views/view.h"
#include <algorithm>
#include <cmath>
#include <string>

namespace dilascope {

ImVec2 label_size(std::string_view text, TextStyle style) {
    const ImFont* font = imgui_font(style);
    return font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.data(), text.data() + text.size());
}

bool quiet_button(const char* id, std::string_view text, bool chosen, TextStyle style, ImVec2 size) {
    ImGui::PushFont(imgui_font(style));
    ImGui::PushStyleColor(ImGuiCol_Button, colour_u32(chosen ? theme().raised : theme().raised.with_alpha(0)));
    ImGui::PushStyleColor(ImGuiCol_Text, colour_u32(chosen ? theme().text : theme().muted));
    const std::string name = std::string(text) + "###" + id;
    const bool pressed = ImGui::Button(name.c_str(), size);
    mark_item(id);
    ImGui::PopStyleColor(2);
    ImGui::PopFont();
    return pressed;
}

void progress_bar(float share, float width, float height) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float radius = height / 2;
    list->AddRectFilled(at, {at.x + width, at.y + height}, colour_u32(theme().raised), radius);
    const float filled = width * std::clamp(share, 0.f, 1.f);
    if (filled >= 1)
        list->AddRectFilled(at, {at.x + std::max(filled, height), at.y + height}, colour_u32(theme().accent), radius);
    ImGui::Dummy({width, height});
}

} // namespace dilascope
