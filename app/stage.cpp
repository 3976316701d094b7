#include "app/stage.h"
#include "views/imgui_keys.h"
#include <algorithm>
#include <cmath>
#include <imgui.h>

namespace dilascope {

// What Dear ImGui's own widgets ask for; everything else about keys goes by SurfaceEvents::chords.
constexpr std::pair<ImGuiKey, int> imgui_keys[] = {
    {ImGuiKey_Tab, key_tab},
    {ImGuiKey_LeftArrow, key_left},
    {ImGuiKey_RightArrow, key_right},
    {ImGuiKey_UpArrow, key_up},
    {ImGuiKey_DownArrow, key_down},
    {ImGuiKey_PageUp, key_page_up},
    {ImGuiKey_PageDown, key_page_down},
    {ImGuiKey_Home, key_home},
    {ImGuiKey_End, key_end},
    {ImGuiKey_Insert, key_insert},
    {ImGuiKey_Delete, key_delete},
    {ImGuiKey_Backspace, key_backspace},
    {ImGuiKey_Space, ' '},
    {ImGuiKey_Enter, key_enter},
    {ImGuiKey_Escape, key_escape},
    {ImGuiKey_A, 'A'},
    {ImGuiKey_C, 'C'},
    {ImGuiKey_V, 'V'},
    {ImGuiKey_X, 'X'},
    {ImGuiKey_Y, 'Y'},
    {ImGuiKey_Z, 'Z'},
};

Stage::Stage(Surface& surface, const WorkbenchOptions& options) : surface_(surface), workbench_(options) {}

// Fonts and style change between frames only.
void Stage::apply_look() {
    const Session& session = workbench_.session;
    const float wanted = session.scale > 0 ? session.scale : surface_.content_scale();
    const float scale = std::clamp(std::round(wanted * 16) / 16, 0.5f, 4.f);
    if (theme_ == session.theme && scale == scale_) return;
    use_theme(session.theme);
    apply_imgui_style(session.theme, scale);
    ImGuiStyle& style = ImGui::GetStyle();
    style.AntiAliasedLinesUseTex = false; // the font texture is sampled without filter
    style.AntiAliasedLines = style.AntiAliasedFill = !surface_.is_slow();
    if (scale != scale_) {
        build_fonts(scale);
        surface_.fonts_changed();
    }
    theme_ = session.theme;
    scale_ = scale;
}

void Stage::apply_input(const ScriptedInput& input) {
    ImGuiIO& io = ImGui::GetIO();
    io.MousePos = input.mouse_x < 0 ? ImVec2(-FLT_MAX, -FLT_MAX) : ImVec2(input.mouse_x, input.mouse_y);
    io.MouseDown[0] = input.left;
    io.MouseDown[1] = input.right;
    io.MouseWheel = input.wheel;
    for (const ImGuiKey key : held_keys_) set_key(key, false);
    held_keys_.clear();
    bool ctrl = input.ctrl, shift = input.shift, alt = false;
    for (const Chord& chord : input.chords) {
        ctrl |= chord.ctrl, shift |= chord.shift, alt |= chord.alt;
        for (const auto& [key, ours] : imgui_keys)
            if (ours == chord.key) held_keys_.push_back(key);
    }
    for (const ImGuiKey key : held_keys_) set_key(key, true);
    set_modifiers(ctrl, shift, alt);
    io.AddInputCharactersUTF8(input.typed.c_str());
}

void Stage::step(const SurfaceEvents& events, const ScriptedInput* input) {
    const auto begin = std::chrono::steady_clock::now();
    apply_look();
    surface_.begin_frame();
    if (input) apply_input(*input);
    clear_marked_items();
    ImGui::NewFrame();
    SurfaceEvents all = events;
    if (input) all.chords = input->chords;
    workbench_.frame(all, surface_, scale_);
    ImGui::Render();
    has_changed_ = surface_.end_frame();
    if (times_drawing) surface_.finish_drawing();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    // The first frame, which compiles shaders and uploads fonts, is part of the start and counted there.
    if (std::exchange(has_drawn_, true)) workbench_.frame_times.add(took.count(), has_changed_);
    if (on_drawn) on_drawn();
    surface_.present();
    if (std::exchange(workbench_.wants_full_screen, false)) surface_.toggle_full_screen();
}

bool Stage::settle(double limit_s) {
    const auto begin = std::chrono::steady_clock::now();
    // What a view computes for itself shows one or two frames after its data came; fonts and layouts need as many.
    constexpr int calm_frames = 3;
    int calm = 0;
    // Ever rarer frames while it waits: they take the cores that the live engine is timed on.
    constexpr double shortest_wait_s = 0.002, longest_wait_s = 0.032;
    double wait_s = 0;
    while (calm < calm_frames) {
        step(surface_.take_events(wait_s));
        const bool has_news = workbench_.has_news();
        calm = workbench_.is_idle() && !has_news ? calm + 1 : 0;
        wait_s = calm > 0 || has_news ? 0 : std::clamp(2 * wait_s, shortest_wait_s, longest_wait_s);
        if (std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() > limit_s) return false;
    }
    return true;
}

} // namespace dilascope
