#pragma once
// Canvas: what a scene is drawn on. ImGuiCanvas draws into an ImDrawList, CairoCanvas into PNG, SVG or PDF; a view's
// figure code runs unchanged on both. All lengths are logical pixels; the canvas knows the scale.
#include "views/geometry.h"
#include <span>
#include <string_view>
#include <vector>

namespace dilascope {

// Type roles of the theme: Inter for words, JetBrains Mono for numbers.
enum class TextStyle : std::uint8_t { body, title, number, caption, caption_number, headline };
enum class Align : std::uint8_t { left, centre, right };

// RGBA pixels, row-major, top row first. `key` names the image; `version` changes whenever the pixels do, so that a
// canvas that keeps textures uploads only what changed.
struct Image {
    std::string_view key;
    std::uint64_t version = 0;
    int width = 0, height = 0;
    std::span<const std::uint32_t> rgba; // 0xaabbggrr (little-endian RGBA bytes)
};

class Canvas {
public:
    virtual ~Canvas() = default;
    virtual void line(Point from, Point to, Colour, float width = 1) = 0;
    virtual void polyline(std::span<const Point>, Colour, float width = 1.5f) = 0;
    virtual void polygon(std::span<const Point>, Colour fill) = 0; // convex
    // Fills between two lines of as many points; no seams between their pieces.
    virtual void band(std::span<const Point> upper, std::span<const Point> lower, Colour fill) {
        for (std::size_t index = 1; index < upper.size(); ++index) {
            const Point piece[] = {upper[index - 1], upper[index], lower[index], lower[index - 1]};
            polygon(piece, fill);
        }
    }
    virtual void rectangle(Rect, Colour, float width = 1, float radius = 0) = 0;
    virtual void filled_rectangle(Rect, Colour, float radius = 0) = 0;
    virtual void circle(Point centre, float radius, Colour, float width = 1) = 0;
    virtual void filled_circle(Point centre, float radius, Colour) = 0;
    // Text with its top at `at.y`; `at.x` is its left end, centre or right end.
    virtual void text(Point at, std::string_view, TextStyle, Colour, Align = Align::left) = 0;
    virtual void vertical_text(Point centre, std::string_view, TextStyle, Colour) = 0; // reading upwards
    virtual Point text_size(std::string_view, TextStyle) const = 0;
    // Magnified pixels stay sharp squares (nearest neighbour).
    virtual void image(Rect where, const Image&) = 0;
    virtual void push_clip(Rect) = 0;
    virtual void pop_clip() = 0;
    // Device pixels in a logical one, and the logical place of a screen pixel, which mouse input needs.
    virtual float scale() const { return 1; }
    virtual Point from_screen(Point screen) const { return screen; }
};

} // namespace dilascope
