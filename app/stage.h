#pragma once
// Stage: one workbench on one surface, frame by frame. The window, `render` and the GUI tests all step the same stage.
#include "app/surface.h"
#include "app/workbench.h"
#include <chrono>
#include <functional>
#include <imgui.h>

namespace dilascope {

// What a script does to the mouse and the keyboard in one frame, in place of a person.
struct ScriptedInput {
    float mouse_x = -1, mouse_y = -1; // pixels
    bool left = false, right = false; // held
    float wheel = 0;
    bool shift = false, ctrl = false;
    std::string typed;         // characters, UTF-8
    std::vector<Chord> chords; // pressed
};

class Stage {
public:
    Stage(Surface& surface, const WorkbenchOptions& options);
    // One frame. `input` replaces the surface's own mouse and keyboard; `events` were taken from the surface.
    void step(const SurfaceEvents& events, const ScriptedInput* input = nullptr);
    // The pixels of the frame that was drawn last, before it is shown.
    Picture picture() { return surface_.read_pixels(); }
    // Steps until the workbench is idle and has drawn so, or until limit_s of real time has passed: then false.
    bool settle(double limit_s);

    // Whether the last frame differs from the one before it.
    bool has_changed() const { return has_changed_; }

    Workbench& workbench() { return workbench_; }
    Surface& surface() { return surface_; }
    // Called with a finished frame before it is shown, to look at its pixels.
    std::function<void()> on_drawn;
    bool times_drawing = false; // frame times include the renderer's work

private:
    void apply_look();
    void apply_input(const ScriptedInput& input);
    Surface& surface_;
    Workbench workbench_;
    std::optional<ThemeMode> theme_;
    float scale_ = 0;
    bool has_drawn_ = false, has_changed_ = true;
    std::vector<ImGuiKey> held_keys_;
};

} // namespace dilascope
