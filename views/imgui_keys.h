#pragma once
// Keys as Dear ImGui's current context sees them, told by hand where no keyboard does. Version 1.87 changed how.
#include <imgui.h>

namespace dilascope {

// For a context without a platform backend, once, before the first set_key().
void map_keys();
// From the next frame on. In 1.87 and later other input is then taken in one frame too, however much comes at once.
void set_key(ImGuiKey key, bool is_down);
void set_modifiers(bool ctrl, bool shift, bool alt = false);

} // namespace dilascope
