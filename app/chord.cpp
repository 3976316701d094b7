#include "app/chord.h"
#include <array>
#include <cctype>
#include <utility>

namespace dilascope {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 18> named_keys = {{
    {"Esc", key_escape},
    {"Enter", key_enter},
    {"Tab", key_tab},
    {"Backspace", key_backspace},
    {"Insert", key_insert},
    {"Delete", key_delete},
    {"Right", key_right},
    {"Left", key_left},
    {"Down", key_down},
    {"Up", key_up},
    {"PageUp", key_page_up},
    {"PageDown", key_page_down},
    {"Home", key_home},
    {"End", key_end},
    {"Plus", '='},
    {"+", '='},
    {"Minus", '-'},
    {"Space", ' '},
}};

int key_from_name(std::string_view name) {
    for (const auto& [text, key] : named_keys)
        if (text == name) return key;
    if (name.size() == 1 && std::isprint(static_cast<unsigned char>(name[0])))
        return std::toupper(static_cast<unsigned char>(name[0]));
    if (name.size() >= 2 && name.size() <= 3 && name[0] == 'F') {
        int number = 0;
        for (char digit : name.substr(1)) {
            if (!std::isdigit(static_cast<unsigned char>(digit))) return 0;
            number = number * 10 + (digit - '0');
        }
        if (number >= 1 && number <= 12) return key_f1 + number - 1;
    }
    return 0;
}

} // namespace

Result<Chord> parse_chord(std::string_view text) {
    Chord chord;
    std::string_view rest = text;
    while (true) {
        const std::size_t plus = rest.find('+');
        if (plus == std::string_view::npos || plus + 1 >= rest.size() || plus == 0) break;
        const std::string_view modifier = rest.substr(0, plus);
        if (modifier == "Ctrl") {
            chord.ctrl = true;
        } else if (modifier == "Shift") {
            chord.shift = true;
        } else if (modifier == "Alt") {
            chord.alt = true;
        } else {
            return fail("key \"" + std::string(text) + "\": \"" + std::string(modifier) +
                        "\" is not a modifier; expected Ctrl, Shift or Alt");
        }
        rest = rest.substr(plus + 1);
    }
    chord.key = key_from_name(rest);
    if (chord.key == 0)
        return fail("key \"" + std::string(text) + "\": \"" + std::string(rest) +
                    "\" is not a key; expected a character, F1 … F12, Esc, Enter, Tab, Left …");
    return chord;
}

std::string to_text(const Chord& chord) {
    std::string text;
    if (chord.ctrl) text += "Ctrl+";
    if (chord.shift) text += "Shift+";
    if (chord.alt) text += "Alt+";
    if (chord.key >= key_f1 && chord.key < key_f1 + 12) return text + "F" + std::to_string(chord.key - key_f1 + 1);
    if (chord.key == '=') return text + "+";
    if (chord.key == '-') return text + "-";
    for (const auto& [name, key] : named_keys)
        if (key == chord.key) return text + std::string(name);
    return text + static_cast<char>(chord.key);
}

} // namespace dilascope
