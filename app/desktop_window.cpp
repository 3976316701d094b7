#include "app/desktop_window.h"
#include "app/textures.h"
#include <algorithm>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <epoxy/gl.h>
#define GLFW_INCLUDE_NONE
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <GLFW/glfw3.h>
#include <imgui.h>

namespace dilascope {
namespace {

tl::unexpected<Error> no_window(const std::string& why) {
    return fail("no window can be opened here (" + why +
                "); without a display use `dilascope batch SPEC.toml` to run experiments and `dilascope render --view "
                "NAME --output F.png` for pictures");
}

std::string glfw_reason() {
    const char* text = nullptr;
    glfwGetError(&text);
    std::string reason = text ? text : "GLFW gives no reason";
    while (!reason.empty() && (reason.back() == '.' || reason.back() == '\n')) reason.pop_back();
    return reason;
}

// GLFW names keys by their place on a US keyboard; the layout's own name is what the user reads on the key.
Chord chord_of(int key, int scancode, int mods) {
    Chord chord{key, (mods & GLFW_MOD_CONTROL) != 0, (mods & GLFW_MOD_SHIFT) != 0, (mods & GLFW_MOD_ALT) != 0};
    if (key == GLFW_KEY_KP_ADD) chord.key = '=';
    if (key == GLFW_KEY_KP_SUBTRACT) chord.key = '-';
    if (key == GLFW_KEY_KP_ENTER) chord.key = key_enter;
    if (key >= GLFW_KEY_KP_0 && key <= GLFW_KEY_KP_9) chord.key = '0' + key - GLFW_KEY_KP_0;
    if (key < 256 && key != ' ') {
        const char* name = glfwGetKeyName(key, scancode);
        if (name && std::strlen(name) == 1 && std::isprint(static_cast<unsigned char>(name[0])))
            chord.key = std::toupper(static_cast<unsigned char>(name[0]));
    }
    if (chord.key == '+') chord.key = '=';
    if (chord.key == '=' || chord.key == '-') chord.shift = false; // layouts disagree on which needs Shift
    return chord;
}

DesktopWindow& window_of(GLFWwindow* window) { return *static_cast<DesktopWindow*>(glfwGetWindowUserPointer(window)); }

} // namespace

Result<std::unique_ptr<DesktopWindow>> DesktopWindow::open(const WindowOptions& options) {
    std::unique_ptr<DesktopWindow> window(new DesktopWindow);
    TRY(window->create(options));
    return window;
}

Result<void> DesktopWindow::create(const WindowOptions& options) {
#ifdef GLFW_PLATFORM_X11 // GLFW 3.4; libwayland writes a line of its own where there is no Wayland
    if (!std::getenv("WAYLAND_DISPLAY")) glfwInitHint(GLFW_PLATFORM, GLFW_PLATFORM_X11);
#endif
    if (!glfwInit()) return no_window(glfw_reason());
    glfw_ready_ = true;
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_VISIBLE, GLFW_FALSE); // shown with its first frame, never as an empty rectangle
    glfwWindowHint(GLFW_DEPTH_BITS, 0);
    glfwWindowHint(GLFW_STENCIL_BITS, 0);
    glfwWindowHint(GLFW_MAXIMIZED, options.maximized ? GLFW_TRUE : GLFW_FALSE);
    glfwWindowHintString(GLFW_X11_CLASS_NAME, "dilascope");
    glfwWindowHintString(GLFW_X11_INSTANCE_NAME, "dilascope");
    int x = 0, y = 0, screen_width = 0, screen_height = 0;
    float scale = 1;
    if (GLFWmonitor* monitor = glfwGetPrimaryMonitor()) {
        glfwGetMonitorContentScale(monitor, &scale, nullptr);
        glfwGetMonitorWorkarea(monitor, &x, &y, &screen_width, &screen_height);
    }
    int width = int(float(options.width) * scale), height = int(float(options.height) * scale);
    if (screen_width > 0) width = std::min(width, screen_width);
    if (screen_height > 0) height = std::min(height, screen_height);
    window_ = glfwCreateWindow(std::max(width, 320), std::max(height, 240), "Dilascope", nullptr, nullptr);
    if (!window_) return no_window(glfw_reason());
    glfwSetWindowSizeLimits(window_, 320, 240, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwMakeContextCurrent(window_);
    glfwSwapInterval(options.vsync ? 1 : 0);
    glfwGetWindowContentScale(window_, &content_scale_, nullptr);
    glfwGetFramebufferSize(window_, &width_, &height_);
    IMGUI_CHECKVERSION();
    imgui_ = ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;
    install_callbacks(); // before the backend's, which call ours
    imgui_glfw_ready_ = ImGui_ImplGlfw_InitForOpenGL(window_, true);
    renderer_ready_ = ImGui_ImplOpenGL3_Init("#version 330 core");
    if (!renderer_ready_) return no_window("the OpenGL functions cannot be loaded");
    return {};
}

void DesktopWindow::install_callbacks() {
    glfwSetWindowUserPointer(window_, this);
    glfwSetKeyCallback(window_, [](GLFWwindow* window, int key, int scancode, int action, int mods) {
        SurfaceEvents& events = window_of(window).events_;
        events.any = true;
        if (action != GLFW_RELEASE && key != GLFW_KEY_UNKNOWN) events.chords.push_back(chord_of(key, scancode, mods));
    });
    glfwSetCharCallback(window_, [](GLFWwindow* window, unsigned) { window_of(window).events_.any = true; });
    glfwSetCursorPosCallback(window_, [](GLFWwindow* window, double, double) { window_of(window).events_.any = true; });
    glfwSetCursorEnterCallback(window_, [](GLFWwindow* window, int) { window_of(window).events_.any = true; });
    glfwSetMouseButtonCallback(window_,
                               [](GLFWwindow* window, int, int, int) { window_of(window).events_.any = true; });
    glfwSetScrollCallback(window_, [](GLFWwindow* window, double, double) { window_of(window).events_.any = true; });
    glfwSetWindowFocusCallback(window_, [](GLFWwindow* window, int) { window_of(window).events_.any = true; });
    glfwSetWindowRefreshCallback(window_, [](GLFWwindow* window) {
        DesktopWindow& self = window_of(window);
        self.is_unseen_ = true;
        self.events_.any = true;
    });
    glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* window, int width, int height) {
        DesktopWindow& self = window_of(window);
        self.width_ = width;
        self.height_ = height;
        self.keeps_picture_ = false;
        self.events_.any = true;
    });
    glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* window, float scale, float) {
        DesktopWindow& self = window_of(window);
        self.content_scale_ = scale;
        self.events_.any = true;
    });
    glfwSetDropCallback(window_, [](GLFWwindow* window, int count, const char** paths) {
        SurfaceEvents& events = window_of(window).events_;
        for (int index = 0; index < count; ++index) events.dropped.emplace_back(paths[index]);
        events.any = true;
    });
}

DesktopWindow::~DesktopWindow() {
    if (imgui_) {
        ImGui::SetCurrentContext(imgui_);
        if (renderer_ready_) ImGui_ImplOpenGL3_Shutdown();
        if (imgui_glfw_ready_) ImGui_ImplGlfw_Shutdown();
        ImGui::DestroyContext(imgui_);
    }
    if (window_) glfwDestroyWindow(window_);
    if (glfw_ready_) glfwTerminate();
}

SurfaceEvents DesktopWindow::take_events(double wait_s) {
    if (wait_s > 0) {
        glfwWaitEventsTimeout(wait_s);
    } else {
        glfwPollEvents();
    }
    SurfaceEvents events = std::move(events_);
    events_ = {};
    events.close = glfwWindowShouldClose(window_);
    events.any = events.any || events.close;
    return events;
}

void DesktopWindow::begin_frame() {
    ImGui::SetCurrentContext(imgui_);
    ImGui_ImplOpenGL3_NewFrame();
    ImGui_ImplGlfw_NewFrame();
}

bool DesktopWindow::end_frame() {
    if (!keeps_picture_) redraw_.forget();
    ImDrawData& frame = *ImGui::GetDrawData();
    // A GPU draws the whole sooner than parts are found.
    const std::vector<PixelRect> drawn = is_slow() ? redraw_.draw(frame) : Redraw::draw_whole(frame);
    is_unseen_ |= !drawn.empty();
    is_whole_ = !drawn.empty() && drawn.front() == PixelRect{0, 0, width_, height_};
    return !drawn.empty();
}

std::vector<std::uint32_t> DesktopWindow::middle_row() const {
    std::vector<std::uint32_t> row(static_cast<std::size_t>(width_));
    glReadPixels(0, height_ / 2, width_, 1, GL_RGBA, GL_UNSIGNED_BYTE, row.data());
    return row;
}

void DesktopWindow::present() {
    if (std::exchange(is_unseen_, false)) {
        const bool probes = is_whole_ && is_slow();
        const std::vector<std::uint32_t> before = probes ? middle_row() : std::vector<std::uint32_t>();
        glfwSwapBuffers(window_);
        const bool is_plain = std::count(before.begin(), before.end(), before.empty() ? 0 : before[0]) ==
                              std::ptrdiff_t(before.size()); // tells nothing
        if (is_whole_) keeps_picture_ = probes && !is_plain && middle_row() == before;
    }
    if (!glfwGetWindowAttrib(window_, GLFW_VISIBLE)) glfwShowWindow(window_);
}

void DesktopWindow::finish_drawing() { glFinish(); }

bool DesktopWindow::is_slow() const {
    const auto* renderer = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
    return renderer && (std::strstr(renderer, "llvmpipe") || std::strstr(renderer, "softpipe"));
}

Picture DesktopWindow::read_pixels() {
    Picture picture{width_, height_, std::vector<std::uint32_t>(std::size_t(width_) * std::size_t(height_))};
    for (int y = 0; y < height_; ++y)
        glReadPixels(0, height_ - 1 - y, width_, 1, GL_RGBA, GL_UNSIGNED_BYTE,
                     picture.rgba.data() + std::size_t(y) * std::size_t(width_));
    for (std::uint32_t& pixel : picture.rgba) pixel |= 0xff000000;
    return picture;
}

void DesktopWindow::fonts_changed() {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
    sharpen_font_texture();
    redraw_.forget();
}

void DesktopWindow::resize(int width, int height) { glfwSetWindowSize(window_, width, height); }

void DesktopWindow::toggle_full_screen() {
    if (glfwGetWindowMonitor(window_)) {
        glfwSetWindowMonitor(window_, nullptr, windowed_x_, windowed_y_, windowed_width_, windowed_height_, 0);
        return;
    }
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    const GLFWvidmode* mode = monitor ? glfwGetVideoMode(monitor) : nullptr;
    if (!mode) return;
    glfwGetWindowPos(window_, &windowed_x_, &windowed_y_);
    glfwGetWindowSize(window_, &windowed_width_, &windowed_height_);
    glfwSetWindowMonitor(window_, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
}

void DesktopWindow::set_title(const char* title) { glfwSetWindowTitle(window_, title); }

} // namespace dilascope
