#include "app/top_bar.h"
#include "app/controls.h"
#include "app/workbench.h"
#include <cctype>
#include <cmath>
#include <cstdio>

namespace dilascope {
namespace {

std::string menu_of(const Command& command) { return command.id.substr(0, command.id.find('/')); }

void draw_menu_entry(Workbench& bench, const Command& command) {
    const bool enabled = !command.is_enabled || command.is_enabled(bench);
    if (ImGui::MenuItem(command.title.c_str(), key_text(command).c_str(), false, enabled)) bench.execute(command);
    mark_item(("menu/" + command.id).c_str());
    item_tooltip(command.help);
}

// One submenu for each part before the slash, in the order of the table.
void draw_menu(Workbench& bench) {
    if (quiet_button("menu", "Dilascope", true, TextStyle::title)) ImGui::OpenPopup("menu_popup");
    item_tooltip("Every command by its group; F1 lists the keys");
    if (!ImGui::BeginPopup("menu_popup")) return;
    std::string open_menu;
    bool is_open = false;
    for (const Command& command : bench.commands) {
        const std::string menu = menu_of(command);
        if (menu != open_menu) {
            if (is_open) ImGui::EndMenu();
            std::string title = menu;
            title[0] = char(std::toupper(static_cast<unsigned char>(title[0])));
            is_open = ImGui::BeginMenu(title.c_str());
            mark_item(("menu/" + menu).c_str());
            open_menu = menu;
        }
        if (is_open) draw_menu_entry(bench, command);
    }
    if (is_open) ImGui::EndMenu();
    ImGui::EndPopup();
}

void draw_layouts(Workbench& bench) {
    int number = 1;
    for (const LayoutPreset& preset : layout_presets()) {
        ImGui::SameLine(0, space::grid * bench.scale);
        const std::string id = std::string("layout/") + preset.name;
        const bool chosen = bench.session.layout == preset.name;
        const std::string text = std::to_string(number) + "  " + preset.title;
        if (quiet_button(id.c_str(), text, chosen, chosen ? TextStyle::title : TextStyle::body))
            bench.use_layout(preset.name);
        item_tooltip(std::string(preset.help) + "  " + std::to_string(number));
        ++number;
    }
}

void draw_search(Workbench& bench, float x, float width) {
    const float height = ImGui::GetFrameHeight(), scale = bench.scale;
    ImGui::SameLine(x);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (ImGui::InvisibleButton("search", {width, height}))
        if (const Command* palette = find_command(bench.commands, "view/palette")) bench.execute(*palette);
    mark_item("search");
    const bool hovered = ImGui::IsItemHovered();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const ImVec2 end = {at.x + width, at.y + height};
    list->AddRectFilled(at, end, ImGui::GetColorU32(hovered ? ImGuiCol_FrameBgHovered : ImGuiCol_FrameBg),
                        space::radius * scale);
    const auto put = [&](float left, std::string_view text, TextStyle style) {
        const ImFont* font = imgui_font(style);
        const float y = std::round(at.y + (height - font->FontSize) / 2);
        list->AddText(font, font->FontSize, {std::round(left), y}, colour_u32(theme().muted), text.data(),
                      text.data() + text.size());
    };
    put(at.x + space::padding * scale, width > 240 * scale ? "Search commands, presets, runs…" : "Search…",
        TextStyle::body);
    put(end.x - label_size("Ctrl+P", TextStyle::caption_number).x - space::padding * scale, "Ctrl+P",
        TextStyle::caption_number);
}

void draw_scale(Workbench& bench) {
    char text[16];
    std::snprintf(text, sizeof text, "%.3g×", double(bench.scale));
    if (quiet_button("scale", text)) ImGui::OpenPopup("scale_popup");
    item_tooltip("Size of everything  Ctrl++  Ctrl+-  Ctrl+0");
    if (!ImGui::BeginPopup("scale_popup")) return;
    if (ImGui::MenuItem("Display's", nullptr, bench.session.scale == 0)) bench.session.scale = 0;
    for (const float choice : {0.75f, 1.f, 1.25f, 1.5f, 2.f, 2.5f, 3.f}) {
        std::snprintf(text, sizeof text, "%.3g×", double(choice));
        if (ImGui::MenuItem(text, nullptr, bench.session.scale == choice)) bench.session.scale = choice;
        mark_item((std::string("scale/") + text).c_str());
    }
    ImGui::EndPopup();
}

} // namespace

void draw_top_bar(Workbench& bench) {
    const float scale = bench.scale, width = ImGui::GetWindowWidth();
    ImGui::SetCursorPos({space::gap * scale, std::round((top_bar_height * scale - ImGui::GetFrameHeight()) / 2)});
    draw_menu(bench);
    draw_layouts(bench);
    // The right end is laid out from the right: theme, scale, backend, then what is left for the search.
    ImGui::SameLine(0, 0);
    const float left_end = ImGui::GetCursorPosX() + space::gap * scale, gap = space::grid * scale;
    const float frame = ImGui::GetStyle().FramePadding.x * 2;
    const char* theme_name = bench.session.theme == ThemeMode::dark ? "dark" : "light";
    char scale_text[16];
    std::snprintf(scale_text, sizeof scale_text, "%.3g×", double(scale));
    const float theme_width = label_size(theme_name, TextStyle::body).x + frame;
    const float scale_width = label_size(scale_text, TextStyle::body).x + frame;
    const float backend_width =
        label_size("    " + bench.backend_menu.chip_text(bench.workspace), TextStyle::body).x + frame;
    const float right_start = width - space::gap * scale - theme_width - scale_width - backend_width - 2 * gap;
    const float search_room = right_start - left_end - 2 * space::gap * scale;
    const float search_width = std::min(370 * scale, search_room);
    if (search_width > 110 * scale)
        draw_search(bench, right_start - 2 * space::gap * scale - search_width, search_width);
    ImGui::SameLine(std::max(left_end, right_start));
    bench.backend_menu.draw(bench);
    ImGui::SameLine(0, gap);
    draw_scale(bench);
    ImGui::SameLine(0, gap);
    if (quiet_button("theme", theme_name))
        if (const Command* command = find_command(bench.commands, "view/theme")) bench.execute(*command);
    item_tooltip("Dark or light theme  Ctrl+T");
}

} // namespace dilascope
