#pragma once
// Points, rectangles and colours in logical pixels (before the HiDPI scale), y down.
#include <algorithm>
#include <cstdint>

namespace dilascope {

struct Point {
    float x = 0, y = 0;
};

struct Rect {
    float x = 0, y = 0, width = 0, height = 0;
    float right() const { return x + width; }
    float bottom() const { return y + height; }
    bool contains(Point p) const { return p.x >= x && p.x < right() && p.y >= y && p.y < bottom(); }
    Rect inset(float by) const {
        return {x + by, y + by, std::max(0.f, width - 2 * by), std::max(0.f, height - 2 * by)};
    }
};

inline constexpr float drag_threshold = 4; // logical pixels: less is a click

// 8-bit sRGB with straight alpha.
struct Colour {
    std::uint8_t r = 0, g = 0, b = 0, a = 255;
    constexpr Colour with_alpha(float alpha) const { return {r, g, b, std::uint8_t(alpha * 255 + 0.5f)}; }
    friend bool operator==(const Colour&, const Colour&) = default;
};
// 0xrrggbb
constexpr Colour rgb(std::uint32_t hex) { return {std::uint8_t(hex >> 16), std::uint8_t(hex >> 8), std::uint8_t(hex)}; }

} // namespace dilascope
