#include "views/imgui_keys.h"

namespace dilascope {

#if IMGUI_VERSION_NUM >= 18700

void map_keys() {}

void set_key(ImGuiKey key, bool is_down) {
    ImGuiIO& io = ImGui::GetIO();
    io.ConfigInputTrickleEventQueue = false;
    io.AddKeyEvent(key, is_down);
}

void set_modifiers(bool ctrl, bool shift, bool alt) {
    set_key(ImGuiMod_Ctrl, ctrl);
    set_key(ImGuiMod_Shift, shift);
    set_key(ImGuiMod_Alt, alt);
}

#else

void map_keys() {
    for (int key = 0; key < ImGuiKey_COUNT; ++key) ImGui::GetIO().KeyMap[key] = key;
}

void set_key(ImGuiKey key, bool is_down) {
    ImGuiIO& io = ImGui::GetIO();
    if (io.KeyMap[key] >= 0) io.KeysDown[io.KeyMap[key]] = is_down;
}

void set_modifiers(bool ctrl, bool shift, bool alt) {
    ImGuiIO& io = ImGui::GetIO();
    io.KeyCtrl = ctrl, io.KeyShift = shift, io.KeyAlt = alt, io.KeySuper = false;
}

#endif

} // namespace dilascope
