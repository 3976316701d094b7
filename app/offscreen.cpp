#include "app/offscreen.h"
#include "app/textures.h"
#include "views/imgui_keys.h"
#include <backends/imgui_impl_opengl3.h>
#include <chrono>
#include <cstdlib>
#include <epoxy/egl.h>
#include <epoxy/gl.h>
#include <imgui.h>
#include <thread>

namespace dilascope {

// The contexts to give back, in this order.
struct Offscreen::Contexts {
    EGLDisplay display = EGL_NO_DISPLAY;
    EGLContext context = EGL_NO_CONTEXT;
    ImGuiContext* imgui = nullptr;
    bool renderer = false;
    ~Contexts() {
        if (imgui) {
            ImGui::SetCurrentContext(imgui);
            if (renderer) ImGui_ImplOpenGL3_Shutdown();
            ImGui::DestroyContext(imgui);
        }
        if (display == EGL_NO_DISPLAY) return;
        eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        if (context != EGL_NO_CONTEXT) eglDestroyContext(display, context);
    }
};

namespace {

tl::unexpected<Error> no_egl(const char* what) {
    return fail(std::string("drawing without a display: ") + what +
                "; install Mesa's software renderer (Debian/Ubuntu: apt install libegl1 libgl1 libgl1-mesa-dri)");
}

} // namespace

Offscreen::Offscreen(int width, int height, float content_scale)
    : contexts_(std::make_unique<Contexts>()), width_(width), height_(height), content_scale_(content_scale) {}

Offscreen::~Offscreen() {
    if (!framebuffer_) return;
    glDeleteFramebuffers(1, &framebuffer_);
    glDeleteRenderbuffers(1, &colour_);
}

Result<std::unique_ptr<Offscreen>> Offscreen::open(int width, int height, float content_scale) {
    std::unique_ptr<Offscreen> surface(new Offscreen(width, height, content_scale));
    TRY(surface->create());
    return surface;
}

Result<void> Offscreen::create() {
    // The same pixels on machines with and without a GPU, and no warnings about device files that are not ours to open.
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 0);
    setenv("EGL_LOG_LEVEL", "fatal", 0);
    if (!epoxy_has_egl()) return no_egl("EGL is missing");
    if (!epoxy_has_egl_extension(EGL_NO_DISPLAY, "EGL_MESA_platform_surfaceless"))
        return no_egl("this EGL has no surfaceless platform");
    contexts_->display = eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    if (contexts_->display == EGL_NO_DISPLAY || !eglInitialize(contexts_->display, nullptr, nullptr))
        return no_egl("EGL does not start");
    const EGLint attributes[] = {
        EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    if (eglBindAPI(EGL_OPENGL_API))
        contexts_->context = eglCreateContext(contexts_->display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, attributes);
    if (contexts_->context == EGL_NO_CONTEXT ||
        !eglMakeCurrent(contexts_->display, EGL_NO_SURFACE, EGL_NO_SURFACE, contexts_->context))
        return no_egl("there is no OpenGL 3.3 renderer");
    create_target();
    IMGUI_CHECKVERSION();
    contexts_->imgui = ImGui::CreateContext();
    ImGui::SetCurrentContext(contexts_->imgui);
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    io.BackendPlatformName = "offscreen";
    map_keys();
    if (!ImGui_ImplOpenGL3_Init("#version 330 core")) return no_egl("the OpenGL functions cannot be loaded");
    contexts_->renderer = true;
    return {};
}

void Offscreen::create_target() {
    if (framebuffer_) {
        glDeleteFramebuffers(1, &framebuffer_);
        glDeleteRenderbuffers(1, &colour_);
    }
    glGenFramebuffers(1, &framebuffer_);
    glGenRenderbuffers(1, &colour_);
    glBindRenderbuffer(GL_RENDERBUFFER, colour_);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width_, height_);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour_);
    redraw_.forget();
}

void Offscreen::resize(int width, int height) {
    width_ = width;
    height_ = height;
    create_target();
}

SurfaceEvents Offscreen::take_events(double wait_s) {
    if (wait_s > 0) std::this_thread::sleep_for(std::chrono::duration<double>(wait_s));
    return {};
}

void Offscreen::begin_frame() {
    ImGui::SetCurrentContext(contexts_->imgui);
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = ImVec2(float(width_), float(height_));
    io.DeltaTime = 1.f / 60;
    ImGui_ImplOpenGL3_NewFrame();
}

bool Offscreen::end_frame() {
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
    drawn_ = redraw_.draw(*ImGui::GetDrawData());
    return !drawn_.empty();
}

void Offscreen::draw_again() {
    redraw_.forget();
    end_frame();
}

void Offscreen::finish_drawing() { glFinish(); }

Picture Offscreen::read_pixels() {
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
    Picture picture{width_, height_, std::vector<std::uint32_t>(std::size_t(width_) * std::size_t(height_))};
    glPixelStorei(GL_PACK_ALIGNMENT, 4);
    // GL's first row is the bottom one.
    for (int y = 0; y < height_; ++y)
        glReadPixels(0, height_ - 1 - y, width_, 1, GL_RGBA, GL_UNSIGNED_BYTE,
                     picture.rgba.data() + std::size_t(y) * std::size_t(width_));
    return picture;
}

void Offscreen::fonts_changed() {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
    sharpen_font_texture();
    redraw_.forget();
}

unsigned Offscreen::take_gl_error() {
    const unsigned error = glGetError();
    while (glGetError() != GL_NO_ERROR) {
    }
    return error;
}

} // namespace dilascope
