#pragma once
// DesktopWindow: the surface of a desktop: GLFW, OpenGL 3, HiDPI, dropped files, a key queue of its own.
#include "app/redraw.h"
#include "app/surface.h"
#include "engine/result.h"
#include <memory>

struct GLFWwindow;
struct ImGuiContext;

namespace dilascope {

struct WindowOptions {
    int width = 1600, height = 1000; // logical pixels at scale 1; shrunk to the screen
    bool maximized = false;
    bool vsync = true; // off while frames are timed
};

class DesktopWindow : public Surface {
public:
    // Error when there is no display or no OpenGL 3.3; it names the verbs that need neither.
    static Result<std::unique_ptr<DesktopWindow>> open(const WindowOptions& options);
    ~DesktopWindow() override;

    SurfaceEvents take_events(double wait_s) override;
    void begin_frame() override;
    bool end_frame() override;
    Picture read_pixels() override;
    void present() override;
    void finish_drawing() override;
    bool is_slow() const override;
    void fonts_changed() override;
    float content_scale() const override { return content_scale_; }
    int width() const override { return width_; }
    int height() const override { return height_; }
    void resize(int width, int height) override;
    void toggle_full_screen() override;
    void set_title(const char* title) override;

private:
    DesktopWindow() = default;
    Result<void> create(const WindowOptions& options);
    void install_callbacks();
    std::vector<std::uint32_t> middle_row() const;
    GLFWwindow* window_ = nullptr;
    ImGuiContext* imgui_ = nullptr;
    bool glfw_ready_ = false, imgui_glfw_ready_ = false, renderer_ready_ = false;
    Redraw redraw_;
    // A swap may leave anything in the buffer that is drawn next. Software renderers copy and leave the picture;
    // whether this one does is looked up in its pixels after every whole frame. Until then every frame is drawn whole.
    bool keeps_picture_ = false;
    bool is_whole_ = false; // the last frame
    bool is_unseen_ = true; // drawn, or lost by the display, and not shown yet
    SurfaceEvents events_;
    float content_scale_ = 1;
    int width_ = 0, height_ = 0;
    int windowed_x_ = 0, windowed_y_ = 0, windowed_width_ = 0, windowed_height_ = 0; // to come back from full screen
};

} // namespace dilascope
