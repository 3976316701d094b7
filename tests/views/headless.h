#pragma once
// Headless: an ImGui context without a renderer; frames, mouse and keys by hand.
#include "views/imgui_canvas.h"
#include "views/imgui_keys.h"
#include "views/theme.h"
#include "views/view.h"
#include <chrono>
#include <imgui.h>
#include <stdexcept>
#include <thread>

namespace dilascope {

class Headless {
public:
    explicit Headless(float width = 1000, float height = 800, float scale = 1) : scale_(scale) {
        context_ = ImGui::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        map_keys();
        io.DisplaySize = {width * scale, height * scale};
        io.MousePos = {-1, -1};
        // A clipboard of our own: the tests must not touch the user's.
        io.ClipboardUserData = this;
        io.SetClipboardTextFn = [](void* self, const char* text) { static_cast<Headless*>(self)->clipboard = text; };
        io.GetClipboardTextFn = [](void* self) { return static_cast<Headless*>(self)->clipboard.c_str(); };
        use_theme(ThemeMode::dark);
        apply_imgui_style(ThemeMode::dark, scale);
        build_fonts(scale);
    }
    ~Headless() { ImGui::DestroyContext(context_); }

    // One frame with the view filling the window; returns how many vertices were drawn.
    int frame(View& view, Workspace& workspace) {
        ImGui::GetIO().DeltaTime = 1.f / 60;
        ImGui::NewFrame();
        clear_marked_items();
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("test", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
        ImGuiCanvas canvas(ImGui::GetWindowDrawList(), {0, 0}, scale_, nullptr);
        view.draw(workspace, canvas);
        ImGui::End();
        ImGui::Render();
        return ImGui::GetDrawData()->TotalVtxCount;
    }
    // Frames until the view has all it computes in the background, at most `limit`.
    void settle(View& view, Workspace& workspace, int limit = 5000) {
        frame(view, workspace);
        for (int count = 0; count < limit && !view.is_complete(); ++count) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1)); // jobs wait for requests to rest
            frame(view, workspace);
        }
    }

    void move(Point at) { ImGui::GetIO().MousePos = {at.x * scale_, at.y * scale_}; }
    void press(View& view, Workspace& workspace, int button = 0) {
        ImGui::GetIO().MouseDown[button] = true;
        frame(view, workspace);
    }
    void release(View& view, Workspace& workspace, int button = 0) {
        ImGui::GetIO().MouseDown[button] = false;
        frame(view, workspace);
    }
    void click(View& view, Workspace& workspace, const char* id) {
        frame(view, workspace);
        move(centre_of(id));
        frame(view, workspace);
        press(view, workspace);
        release(view, workspace);
    }
    void drag(View& view, Workspace& workspace, const char* id, Point by, int steps = 4) {
        frame(view, workspace);
        const Point from = centre_of(id);
        move(from);
        frame(view, workspace);
        press(view, workspace);
        for (int step = 1; step <= steps; ++step) {
            move({from.x + by.x * float(step) / float(steps), from.y + by.y * float(step) / float(steps)});
            frame(view, workspace);
        }
        release(view, workspace);
    }
    void type(View& view, Workspace& workspace, const char* text) {
        for (int wait = 0; wait < 3; ++wait) frame(view, workspace);
        for (const char* at = text; *at; ++at) ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(*at));
        frame(view, workspace);
    }
    void enter(View& view, Workspace& workspace) {
        set_key(ImGuiKey_Enter, true);
        frame(view, workspace);
        set_key(ImGuiKey_Enter, false);
        frame(view, workspace);
    }
    // Logical centre of an item of the last frame.
    Point centre_of(const std::string& id) const {
        const MarkedItem& item = find(id);
        return {(item.rect.x + item.rect.width / 2) / scale_, (item.rect.y + item.rect.height / 2) / scale_};
    }
    Rect rect_of(const std::string& id) const {
        const Rect r = find(id).rect;
        return {r.x / scale_, r.y / scale_, r.width / scale_, r.height / scale_};
    }
    static bool has(const std::string& id) {
        for (const MarkedItem& item : marked_items())
            if (item.id == id) return true;
        return false;
    }

    std::string clipboard;

private:
    static const MarkedItem& find(const std::string& id) {
        for (const MarkedItem& item : marked_items())
            if (item.id == id) return item;
        throw std::runtime_error("no item " + id);
    }
    ImGuiContext* context_ = nullptr;
    float scale_ = 1;
};

} // namespace dilascope
