#pragma once
// Offscreen: a surface in memory, without any display: EGL surfaceless, Mesa's software renderer, a fixed clock.
// `render` and the GUI tests draw through it exactly what the window draws.
#include "app/redraw.h"
#include "app/surface.h"
#include "engine/result.h"
#include <memory>

namespace dilascope {

class Offscreen : public Surface {
public:
    // Error when EGL or a software renderer is missing; it says what to install.
    static Result<std::unique_ptr<Offscreen>> open(int width, int height, float content_scale = 1);
    ~Offscreen() override;

    SurfaceEvents take_events(double wait_s) override; // sleeps wait_s when it is positive; never any events
    void begin_frame() override;                       // time advances by 1/60 s
    bool end_frame() override;
    Picture read_pixels() override;
    void present() override {}
    void finish_drawing() override;
    void fonts_changed() override;
    float content_scale() const override { return content_scale_; }
    int width() const override { return width_; }
    int height() const override { return height_; }
    void resize(int width, int height) override;
    void toggle_full_screen() override {}
    void set_title(const char*) override {}
    // What the last frame changed.
    const std::vector<PixelRect>& drawn() const { return drawn_; }
    // The last frame once more, every pixel of it: what end_frame() should have left.
    void draw_again();
    // The GL error flag, 0 when none was raised since the last call.
    unsigned take_gl_error();

private:
    struct Contexts;
    Offscreen(int width, int height, float content_scale);
    Result<void> create();
    void create_target();
    std::unique_ptr<Contexts> contexts_;
    int width_, height_;
    float content_scale_;
    unsigned framebuffer_ = 0, colour_ = 0;
    Redraw redraw_;
    std::vector<PixelRect> drawn_;
};

} // namespace dilascope
