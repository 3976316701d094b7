#pragma once
// ImGuiCanvas: a Canvas over an ImDrawList. Logical coordinates start at `origin` and are multiplied by `scale`.
#include "views/canvas.h"
#include "views/texture_source.h"

struct ImDrawList;

namespace dilascope {

class ImGuiCanvas final : public Canvas {
public:
    // `origin`: the screen pixel of logical (0, 0). `textures` may be null: images are then outlined, not drawn.
    ImGuiCanvas(ImDrawList* list, Point origin, float scale, TextureSource* textures);

    void line(Point from, Point to, Colour, float width) override;
    void polyline(std::span<const Point>, Colour, float width) override;
    void polygon(std::span<const Point>, Colour fill) override;
    void band(std::span<const Point> upper, std::span<const Point> lower, Colour fill) override;
    void rectangle(Rect, Colour, float width, float radius) override;
    void filled_rectangle(Rect, Colour, float radius) override;
    void circle(Point centre, float radius, Colour, float width) override;
    void filled_circle(Point centre, float radius, Colour) override;
    void text(Point at, std::string_view, TextStyle, Colour, Align) override;
    void vertical_text(Point centre, std::string_view, TextStyle, Colour) override;
    Point text_size(std::string_view, TextStyle) const override;
    void image(Rect where, const Image&) override;
    void push_clip(Rect) override;
    void pop_clip() override;
    float scale() const override { return scale_; }
    Point from_screen(Point p) const override { return {(p.x - origin_.x) / scale_, (p.y - origin_.y) / scale_}; }

private:
    Point screen(Point p) const { return {origin_.x + p.x * scale_, origin_.y + p.y * scale_}; }

    ImDrawList* list_;
    Point origin_;
    float scale_;
    TextureSource* textures_;
};

} // namespace dilascope
