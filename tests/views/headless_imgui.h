#pragma once
// HeadlessImGui: an ImGui context without a window, so that a view can be drawn and driven in a test.
#include "views/imgui_canvas.h"
#include "views/theme.h"
#include "views/view.h"

#include <imgui.h>

namespace dilascope {

class HeadlessImGui {
public:
    explicit HeadlessImGui(Point size = {1000, 600}, float scale = 1)
        : size_(size), scale_(scale), context_(ImGui::CreateContext()) {
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {size.x * scale, size.y * scale};
        io.DeltaTime = 1.f / 60;
        build_fonts(scale);
        unsigned char* pixels = nullptr;
        int width = 0, height = 0;
        io.Fonts->GetTexDataAsRGBA32(&pixels, &width, &height);
        apply_imgui_style(theme().mode, scale);
    }
    ~HeadlessImGui() { ImGui::DestroyContext(context_); }
    HeadlessImGui(const HeadlessImGui&) = delete;
    HeadlessImGui& operator=(const HeadlessImGui&) = delete;

    // One frame with the view as the only window, over the whole display. Returns how many vertices it took.
    int frame(View& view, Workspace& workspace) {
        clear_marked_items();
        ImGui::NewFrame();
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize(ImGui::GetIO().DisplaySize);
        ImGui::Begin("view", nullptr,
                     ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
        ImGuiCanvas canvas(ImGui::GetWindowDrawList(), {0, 0}, scale_, nullptr);
        view.draw(workspace, canvas);
        ImGui::End();
        ImGui::Render();
        return ImGui::GetDrawData()->TotalVtxCount;
    }
    // Moves the mouse to a place (logical), lets `view` see it, presses and releases there.
    void click(View& view, Workspace& workspace, Point at, int button = 0) {
        ImGuiIO& io = ImGui::GetIO();
        io.MousePos = {at.x * scale_, at.y * scale_};
        for (const bool down : {false, true, false}) {
            io.MouseDown[button] = down;
            frame(view, workspace);
        }
        io.DeltaTime = 1; // so that two clicks are never a double click
        frame(view, workspace);
        io.DeltaTime = 1.f / 60;
    }
    // The middle of a marked item of the last frame (logical); (−1, −1) when there is none of this id.
    Point middle_of(const std::string& id) const {
        for (const MarkedItem& item : marked_items())
            if (item.id == id)
                return {(item.rect.x + item.rect.width / 2) / scale_, (item.rect.y + item.rect.height / 2) / scale_};
        return {-1, -1};
    }

private:
    Point size_;
    float scale_;
    ImGuiContext* context_;
};

} // namespace dilascope
