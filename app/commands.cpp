#include "app/commands.h"
#include "app/export_dialog.h"
#include "app/file_browser.h"
#include "app/go_to.h"
#include "app/help_card.h"
#include "app/palette.h"
#include "app/workbench.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <imgui.h>

namespace dilascope {
namespace {

constexpr float scale_step = 0.125f, scale_min = 0.75f, scale_max = 3;

void change_scale(Workbench& bench, int steps) {
    const float now = bench.session.scale > 0 ? bench.session.scale : bench.scale;
    bench.session.scale = std::clamp((std::round(now / scale_step) + float(steps)) * scale_step, scale_min, scale_max);
}

void append_file_commands(std::vector<Command>& table) {
    table.push_back(
        {"file/open", "Open…", {"Ctrl+O"}, "Open tensors, an experiment or a run store", [](Workbench& bench) {
             bench.open_overlay(std::make_unique<FileBrowser>(FileBrowser::Use::open));
         }});
    table.push_back(
        {"file/save",
         "Save configuration…",
         {"Ctrl+S"},
         "Save the configuration as an experiment file that `dilascope batch` runs",
         [](Workbench& bench) { bench.open_overlay(std::make_unique<FileBrowser>(FileBrowser::Use::save)); }});
    table.push_back({"file/export",
                     "Export figure…",
                     {"Ctrl+E"},
                     "Write the focused view as PNG, SVG or PDF",
                     [](Workbench& bench) { bench.open_overlay(std::make_unique<ExportDialog>(bench)); }});
    table.push_back({"file/copy_image",
                     "Copy view image",
                     {"Ctrl+Shift+C"},
                     "Write the focused view as PNG and copy the file's path",
                     [](Workbench& bench) { copy_view_image(bench); }});
    table.push_back(
        {"file/copy_pattern", "Copy pattern text", {}, "Copy the pattern's text form", [](Workbench& bench) {
             ImGui::SetClipboardText(bench.workspace.config.pattern.c_str());
             bench.notices.tell("Copied: " + bench.workspace.config.pattern);
         }});
    table.push_back({"file/quit", "Quit", {"Ctrl+Q"}, "Close the window; the session is kept", [](Workbench& bench) {
                         bench.wants_quit = true;
                     }});
}

void append_edit_commands(std::vector<Command>& table) {
    table.push_back({"edit/undo",
                     "Undo",
                     {"Ctrl+Z"},
                     "Take the last change of the configuration back",
                     [](Workbench& bench) { bench.workspace.undo(); },
                     [](const Workbench& bench) { return bench.workspace.can_undo(); }});
    table.push_back({"edit/redo",
                     "Redo",
                     {"Ctrl+Y", "Ctrl+Shift+Z"},
                     "Do the change that was taken back again",
                     [](Workbench& bench) { bench.workspace.redo(); },
                     [](const Workbench& bench) { return bench.workspace.can_redo(); }});
}

void append_run_commands(std::vector<Command>& table) {
    table.push_back({"run/start",
                     "Run and save",
                     {"Ctrl+R"},
                     "Verify and time this configuration, and keep the result in the run store",
                     [](Workbench& bench) { bench.run_and_save(); }});
    table.push_back({"run/experiment",
                     "Run the opened experiment",
                     {"Ctrl+Shift+R"},
                     "Answer every case of the experiment file that was opened",
                     [](Workbench& bench) { bench.run_experiment(); },
                     [](const Workbench& bench) { return bench.experiment != nullptr; }});
    table.push_back({"run/cancel",
                     "Cancel",
                     {"Esc"},
                     "Close what is open above the panels, else cancel the running experiment; finished runs stay",
                     [](Workbench& bench) { bench.cancel(); }});
    table.push_back({"run/backend",
                     "Next backend",
                     {"Ctrl+B"},
                     "Run the engine on the next backend that this machine has; both times are told",
                     [](Workbench& bench) {
                         Case next = bench.workspace.config;
                         next.backend = bench.backend_menu.next_backend(bench.workspace);
                         if (next.backend.empty())
                             bench.notices.tell("No other backend is known yet");
                         else
                             bench.workspace.set_config(next);
                     }});
    table.push_back({"run/live",
                     "Live engine on or off",
                     {"Ctrl+L"},
                     "Run the engine after every change of the configuration",
                     [](Workbench& bench) { bench.workspace.live_enabled = !bench.workspace.live_enabled; }});
}

void append_go_commands(std::vector<Command>& table) {
    table.push_back({"go/cell",
                     "Go to query and key…",
                     {"Ctrl+G"},
                     "Pick a cell of the matrix by its numbers",
                     [](Workbench& bench) { bench.open_overlay(std::make_unique<GoTo>(bench)); }});
    table.push_back({"go/previous_head", "Previous head", {"["}, "Show the head before", [](Workbench& bench) {
                         bench.workspace.select_head(bench.workspace.selection.head - 1);
                     }});
    table.push_back({"go/next_head", "Next head", {"]"}, "Show the head after", [](Workbench& bench) {
                         bench.workspace.select_head(bench.workspace.selection.head + 1);
                     }});
}

void append_view_commands(std::vector<Command>& table, const std::vector<std::unique_ptr<View>>& views) {
    table.push_back({"view/palette",
                     "Search commands",
                     {"Ctrl+P", "Ctrl+Shift+P"},
                     "Find and run any command, preset or run",
                     [](Workbench& bench) { bench.open_overlay(std::make_unique<Palette>()); }});
    table.push_back({"view/theme",
                     "Dark or light theme",
                     {"Ctrl+T"},
                     "Switch between the dark and the light theme",
                     [](Workbench& bench) {
                         bench.session.theme =
                             bench.session.theme == ThemeMode::dark ? ThemeMode::light : ThemeMode::dark;
                     }});
    table.push_back({"view/full_screen", "Full screen", {"F11"}, "Fill the screen, or come back", [](Workbench& bench) {
                         bench.wants_full_screen = true;
                     }});
    table.push_back(
        {"view/larger", "Larger", {"Ctrl+="}, "Scale everything up", [](Workbench& bench) { change_scale(bench, 1); }});
    table.push_back({"view/smaller", "Smaller", {"Ctrl+-"}, "Scale everything down", [](Workbench& bench) {
                         change_scale(bench, -1);
                     }});
    table.push_back({"view/display_scale",
                     "Scale of the display",
                     {"Ctrl+0"},
                     "Use the scale that the display asks for",
                     [](Workbench& bench) { bench.session.scale = 0; }});
    table.push_back({"view/flip",
                     "Flip between A and B",
                     {"F"},
                     "Show the pattern kept as A in place of the present one, or the present one again",
                     [](Workbench& bench) { bench.workspace.flip_compared(); },
                     [](const Workbench& bench) { return bench.workspace.has_a(); }});
    for (const std::unique_ptr<View>& view : views) {
        const std::string name = view->name();
        table.push_back(
            {"view/" + name, view->title(), {}, view->help(), [name](Workbench& bench) { bench.show(name); }});
    }
}

void append_layout_commands(std::vector<Command>& table) {
    static constexpr std::array<std::string_view, 5> digits = {"1", "2", "3", "4", "5"};
    for (std::size_t index = 0; index < layout_presets().size(); ++index) {
        const LayoutPreset& preset = layout_presets()[index];
        const std::string name = preset.name;
        table.push_back({"layout/" + name, preset.title, {digits[index]}, preset.help, [name](Workbench& bench) {
                             bench.use_layout(name);
                         }});
    }
    table.push_back(
        {"layout/reset", "Reset this layout", {}, "Give the panels their first places back", [](Workbench& bench) {
             bench.reset_layout();
         }});
}

} // namespace

std::vector<Command> make_commands(const std::vector<std::unique_ptr<View>>& views) {
    std::vector<Command> table;
    append_file_commands(table);
    append_edit_commands(table);
    append_run_commands(table);
    append_go_commands(table);
    append_view_commands(table, views);
    append_layout_commands(table);
    table.push_back(
        {"help/keys", "Keys and mouse", {"F1"}, "Every shortcut, and what the mouse does", [](Workbench& bench) {
             bench.open_overlay(std::make_unique<HelpCard>());
         }});
    return table;
}

const Command* find_command(const std::vector<Command>& commands, std::string_view id) {
    for (const Command& command : commands)
        if (command.id == id) return &command;
    return nullptr;
}

const Command* find_command(const std::vector<Command>& commands, const Chord& chord) {
    for (const Command& command : commands)
        for (const std::string_view key : command.keys)
            if (const Result<Chord> own = parse_chord(key); own && *own == chord) return &command;
    return nullptr;
}

std::string key_text(const Command& command) {
    if (command.keys.empty()) return "";
    const Result<Chord> chord = parse_chord(command.keys.front());
    return chord ? to_text(*chord) : std::string(command.keys.front());
}

} // namespace dilascope
