#pragma once
// Chord: one key with its modifiers, "Ctrl+Shift+C". The command table, the key queue and GUI scripts share it.
#include "engine/result.h"
#include <compare>
#include <string>
#include <string_view>

namespace dilascope {

// Printable keys are their ASCII capital ('A', '1', '=', '-'); the others have GLFW's numbers.
enum Key : int {
    key_escape = 256,
    key_enter,
    key_tab,
    key_backspace,
    key_insert,
    key_delete,
    key_right,
    key_left,
    key_down,
    key_up,
    key_page_up,
    key_page_down,
    key_home,
    key_end,
    key_f1 = 290, // F1 … F12 follow each other
};

struct Chord {
    int key = 0; // 0: none
    bool ctrl = false, shift = false, alt = false;
    bool has_modifier() const { return ctrl || alt; } // works while a text field has the keyboard
    friend auto operator<=>(const Chord&, const Chord&) = default;
};

// "Ctrl+P", "F11", "Esc", "Ctrl+=" (also "Ctrl+Plus"). Error names the part that is not a key.
Result<Chord> parse_chord(std::string_view text);
std::string to_text(const Chord& chord);

} // namespace dilascope
