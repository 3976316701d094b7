#pragma once
// Redraw: draws a frame into a framebuffer that still holds the last one, only where they differ.
#include "app/damage.h"
#include <memory>

namespace dilascope {

// On a software renderer the whole window costs 5 … 15 ms; between two frames most of it is the same.
class Redraw {
public:
    Redraw();
    ~Redraw();
    // Draws into the bound framebuffer, which holds what the last call left there. The frame is as large as that and
    // begins with an opaque fill of it. Returns what was drawn, nothing when the picture stays as it is; the pixels are
    // those of a whole redraw.
    std::vector<PixelRect> draw(ImDrawData& frame);
    // Draws all of it, whatever the framebuffer holds; nothing is compared, and the next draw() draws everything only
    // after a forget(). Nothing for an empty window.
    static std::vector<PixelRect> draw_whole(ImDrawData& frame);
    // The framebuffer has lost its picture: the next draw() draws everything.
    void forget() { damage_.forget(); }

private:
    void collect(const ImDrawData& frame, const std::vector<PixelRect>& rects);
    void collect_triangles(const ImDrawList& list, const ImDrawCmd& command, const PixelRect& clip, unsigned vertices);
    Damage damage_;
    std::unique_ptr<ImDrawList> part_; // the commands of a frame that touch its damage
};

} // namespace dilascope
