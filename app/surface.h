#pragma once
// Surface: where the workbench is shown: a window of the desktop (window.h) or memory without any display
// (offscreen.h). It owns the ImGui and GL contexts; the workbench does not know which one it runs on.
#include "app/chord.h"
#include <cstdint>
#include <filesystem>
#include <vector>

namespace dilascope {

// What happened since the last frame. Keys come from a queue of our own: ImGui 1.86 samples them once a frame and loses
// fast ones.
struct SurfaceEvents {
    std::vector<Chord> chords;
    std::vector<std::filesystem::path> dropped;
    bool any = false;   // something happened at all: a reason to draw
    bool close = false; // the user closed the window
};

// Pixels read back, row-major, top row first, 0xaabbggrr.
struct Picture {
    int width = 0, height = 0;
    std::vector<std::uint32_t> rgba;
};

class Surface {
public:
    virtual ~Surface() = default;
    // Takes what happened, after waiting for it up to wait_s.
    virtual SurfaceEvents take_events(double wait_s) = 0;
    // Tells ImGui its size, time and input. The caller may still change ImGuiIO before ImGui::NewFrame().
    virtual void begin_frame() = 0;
    // Draws what ImGui::Render() left; false when the picture stays as it is. It can then be read, and is shown by
    // present().
    virtual bool end_frame() = 0;
    virtual Picture read_pixels() = 0;
    virtual void present() = 0;
    virtual void finish_drawing() = 0; // waits for the drawing, so that a frame's time includes it
    // Uploads the fonts that were built into ImGui's atlas.
    virtual void fonts_changed() = 0;
    // Drawn by the processor: every triangle counts, and soft rims double them. False where a picture is wanted, not
    // speed.
    virtual bool is_slow() const { return false; }
    virtual float content_scale() const = 0; // the display's, 1 for 96 dpi
    virtual int width() const = 0;           // pixels
    virtual int height() const = 0;
    virtual void resize(int width, int height) = 0;
    virtual void toggle_full_screen() = 0;
    virtual void set_title(const char* title) = 0;
};

} // namespace dilascope
