#pragma once
// Commands: everything the program can be told to do, in one table: menu, palette, shortcuts and tooltips read it.
// To add one: a line in commands.cpp. A test refuses clashing keys.
#include "app/chord.h"
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

class View;
class Workbench;

struct Command {
    std::string id;                     // "edit/undo": the part before the slash is its menu
    std::string title;                  // "Undo"
    std::vector<std::string_view> keys; // chords in text form, the first is shown
    std::string help;                   // one sentence
    std::function<void(Workbench&)> action;
    std::function<bool(const Workbench&)> is_enabled = nullptr; // empty: always
};

// The whole table; each view and layout adds its own line.
std::vector<Command> make_commands(const std::vector<std::unique_ptr<View>>& views);

const Command* find_command(const std::vector<Command>& commands, std::string_view id);
const Command* find_command(const std::vector<Command>& commands, const Chord& chord);
// "Ctrl+Y"; empty when the command has no key.
std::string key_text(const Command& command);

} // namespace dilascope
