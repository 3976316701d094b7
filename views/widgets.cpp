#include "views/widgets.h"
#include "views/imgui_colour.h"
#include "views/theme.h"
#include "views/view.h"

namespace dilascope {

void text_line(std::string_view text, TextStyle style, Colour colour) {
    ImGui::PushFont(imgui_font(style));
    ImGui::PushStyleColor(ImGuiCol_Text, vec4(colour));
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopStyleColor();
    ImGui::PopFont();
}

void section_title(std::string_view title, std::string_view remark) {
    text_line(title, TextStyle::title, theme().text);
    if (remark.empty()) return;
    ImGui::SameLine();
    text_line(remark, TextStyle::caption, theme().muted);
}

void section_rule() {
    const ImVec2 gap = ImGui::GetStyle().ItemSpacing;
    ImGui::Dummy({0, gap.x});
    const ImVec2 at = ImGui::GetCursorScreenPos(); // ImGui's own separator would start at the panel's edge
    ImGui::GetWindowDrawList()->AddLine(at, {at.x + ImGui::GetContentRegionAvail().x, at.y},
                                        ImGui::GetColorU32(ImGuiCol_Separator));
    ImGui::Dummy({0, gap.x});
}

void item_tooltip(std::string_view text) {
    if (text.empty() || ImGui::IsAnyMouseDown() || !ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) return;
    ImGui::BeginTooltip();
    ImGui::PushTextWrapPos(ImGui::GetFontSize() * 24);
    ImGui::TextUnformatted(text.data(), text.data() + text.size());
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
}

bool text_button(const char* id, std::string_view text, ButtonKind kind, float width_pixels) {
    const std::string label = std::string(text) + "###" + id;
    if (kind == ButtonKind::accent) {
        const Theme& colours = theme();
        ImGui::PushFont(imgui_font(TextStyle::title));
        ImGui::PushStyleColor(ImGuiCol_Text, vec4(colours.mode == ThemeMode::dark ? colours.window : colours.panel));
        ImGui::PushStyleColor(ImGuiCol_Button, vec4(colours.accent));
        ImGui::PushStyleColor(ImGuiCol_ButtonHovered, vec4(colours.accent.with_alpha(0.85f)));
        ImGui::PushStyleColor(ImGuiCol_ButtonActive, vec4(colours.accent.with_alpha(0.7f)));
    }
    const bool pressed = ImGui::Button(label.c_str(), {width_pixels, 0});
    if (kind == ButtonKind::accent) {
        ImGui::PopStyleColor(4);
        ImGui::PopFont();
    }
    mark_item(id);
    return pressed;
}

bool segmented_buttons(const char* id, std::span<const char* const> texts, int& chosen,
                       std::span<const char* const> helps) {
    bool changed = false;
    for (std::size_t index = 0; index < texts.size(); ++index) {
        if (index > 0) ImGui::SameLine(0, 1);
        const bool is_chosen = chosen == int(index);
        if (is_chosen) ImGui::PushStyleColor(ImGuiCol_Button, vec4(theme().accent.with_alpha(0.32f)));
        const bool pressed = text_button((std::string(id) + "/" + std::to_string(index)).c_str(), texts[index]);
        if (is_chosen) ImGui::PopStyleColor();
        if (index < helps.size()) item_tooltip(helps[index]);
        if (!pressed || is_chosen) continue;
        chosen = int(index);
        changed = true;
    }
    return changed;
}

bool tick_box(const char* id, std::string_view text, bool& value) {
    const std::string label = std::string(text) + "###" + id;
    const bool changed = ImGui::Checkbox(label.c_str(), &value);
    mark_item(id);
    return changed;
}

void set_cursor(const Canvas& canvas, Point logical) {
    const Point origin = canvas.from_screen({0, 0});
    ImGui::SetCursorScreenPos({(logical.x - origin.x) * canvas.scale(), (logical.y - origin.y) * canvas.scale()});
}

Rect content_area(const Canvas& canvas) {
    const ImVec2 cursor = ImGui::GetCursorScreenPos(), room = ImGui::GetContentRegionAvail();
    const Point low = canvas.from_screen({cursor.x, cursor.y});
    return {low.x, low.y, std::max(0.f, room.x / canvas.scale()), std::max(0.f, room.y / canvas.scale())};
}

} // namespace dilascope
