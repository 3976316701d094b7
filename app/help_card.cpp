#include "app/help_card.h"
#include "app/controls.h"
#include "app/workbench.h"

namespace dilascope {
namespace {

struct MouseUse {
    const char *gesture, *effect;
};
constexpr MouseUse mouse_uses[] = {
    {"wheel", "zoom at the cursor"},   {"drag", "move the matrix"},
    {"click", "pick a cell"},          {"double click", "show the whole matrix"},
    {"right click", "copy or export"}, {"drop a file", "open tensors, an experiment or a run store"},
};

void row(std::string_view keys, std::string_view text) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    text_line(keys, TextStyle::caption_number, theme().accent);
    ImGui::TableNextColumn();
    text_line(text, TextStyle::caption, theme().text);
}

} // namespace

bool HelpCard::draw(Workbench& bench) {
    bool open = true;
    text_line("Keys and mouse", TextStyle::title, theme().text);
    ImGui::SameLine();
    text_line("Ctrl+P finds everything by name", TextStyle::caption, theme().muted);
    ImGui::Spacing();
    const float column = (ImGui::GetContentRegionAvail().x - space::padding * bench.scale) / 2;
    if (ImGui::BeginTable("halves", 2, ImGuiTableFlags_SizingFixedFit)) {
        ImGui::TableNextRow();
        ImGui::TableNextColumn();
        const auto begin_keys = [&](const char* id) {
            const bool shown = ImGui::BeginTable(id, 2, ImGuiTableFlags_SizingFixedFit, {column, 0});
            if (shown) {
                ImGui::TableSetupColumn("keys", ImGuiTableColumnFlags_WidthFixed, 110 * bench.scale);
                ImGui::TableSetupColumn("effect", ImGuiTableColumnFlags_WidthStretch);
            }
            return shown;
        };
        std::vector<const Command*> with_keys;
        for (const Command& command : bench.commands)
            if (!command.keys.empty()) with_keys.push_back(&command);
        const std::size_t half = (with_keys.size() + std::size(mouse_uses) + 1) / 2;
        bool shown = begin_keys("left");
        for (std::size_t index = 0; index < with_keys.size(); ++index) {
            if (index == half) {
                if (shown) ImGui::EndTable();
                ImGui::TableNextColumn();
                shown = begin_keys("right");
            }
            if (shown) row(key_text(*with_keys[index]), with_keys[index]->title);
        }
        if (shown) row("", "");
        for (const MouseUse& use : mouse_uses)
            if (shown) row(use.gesture, use.effect);
        if (shown) ImGui::EndTable();
        ImGui::EndTable();
    }
    return open;
}

} // namespace dilascope
