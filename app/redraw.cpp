#include "app/redraw.h"
#include <algorithm>
#include <backends/imgui_impl_opengl3.h>
#include <epoxy/gl.h>
#include <imgui.h>
#include <utility>

namespace dilascope {

Redraw::Redraw() = default;
Redraw::~Redraw() = default;

std::vector<PixelRect> Redraw::draw(ImDrawData& frame) {
    std::vector<PixelRect> rects = damage_.update(frame);
    const PixelRect picture = {0, 0, int(frame.DisplaySize.x), int(frame.DisplaySize.y)};
    if (rects.empty()) return rects;
    if (rects.front() == picture) return draw_whole(frame);
    glViewport(0, 0, picture.right, picture.bottom);
    collect(frame, rects);
    // The frame itself, with one list in place of all its own: what an ImDrawData holds differs between ImGui's
    // versions.
    ImDrawList* const first = std::exchange(frame.CmdLists[0], part_.get());
    const int count = std::exchange(frame.CmdListsCount, 1);
    ImGui_ImplOpenGL3_RenderDrawData(&frame);
    frame.CmdLists[0] = first;
    frame.CmdListsCount = count;
    return rects;
}

std::vector<PixelRect> Redraw::draw_whole(ImDrawData& frame) {
    const PixelRect picture = {0, 0, int(frame.DisplaySize.x), int(frame.DisplaySize.y)};
    if (picture.is_empty()) return {};
    glViewport(0, 0, picture.right, picture.bottom);
    glClearColor(0, 0, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(&frame);
    return {picture};
}

// All vertices, and for each rectangle the commands and triangles that touch it, clipped to it.
void Redraw::collect(const ImDrawData& frame, const std::vector<PixelRect>& rects) {
    if (!part_) part_ = std::make_unique<ImDrawList>(ImGui::GetDrawListSharedData());
    part_->CmdBuffer.resize(0);
    part_->IdxBuffer.resize(0);
    part_->VtxBuffer.resize(0);
    const int height = int(frame.DisplaySize.y);
    for (int at = 0; at < frame.CmdListsCount; ++at) {
        const ImVector<ImDrawVert>& vertices = frame.CmdLists[at]->VtxBuffer;
        const int before = part_->VtxBuffer.Size;
        part_->VtxBuffer.resize(before + vertices.Size);
        std::copy(vertices.begin(), vertices.end(), part_->VtxBuffer.begin() + before);
    }
    for (const PixelRect& rect : rects) {
        unsigned vertices = 0;
        for (int at = 0; at < frame.CmdListsCount; ++at) {
            const ImDrawList& list = *frame.CmdLists[at];
            for (const ImDrawCmd& command : list.CmdBuffer) {
                const PixelRect clip = intersection(clip_of(command, height), rect);
                if (!clip.is_empty()) collect_triangles(list, command, clip, vertices);
            }
            vertices += unsigned(list.VtxBuffer.Size);
        }
    }
}

void Redraw::collect_triangles(const ImDrawList& list, const ImDrawCmd& command, const PixelRect& clip,
                               unsigned vertices) {
    ImDrawCmd part = command;
    part.ClipRect = {float(clip.left), float(clip.top), float(clip.right), float(clip.bottom)};
    part.VtxOffset = vertices + command.VtxOffset;
    part.IdxOffset = unsigned(part_->IdxBuffer.Size);
    const ImDrawIdx* indices = list.IdxBuffer.Data + command.IdxOffset;
    DrawnPiece piece;
    for (unsigned first = 0; first + 2 < command.ElemCount; first += piece.indices) {
        piece = piece_at(list, command, first, clip);
        if (piece.pixels.is_empty()) continue;
        for (unsigned index = 0; index < piece.indices; ++index) part_->IdxBuffer.push_back(indices[first + index]);
    }
    part.ElemCount = unsigned(part_->IdxBuffer.Size) - part.IdxOffset;
    if (part.ElemCount > 0 || part.UserCallback) part_->CmdBuffer.push_back(part);
}

} // namespace dilascope
