#pragma once
// Damage: the pixels in which a frame differs from the one before it, found by comparing what ImGui wants drawn.
#include <cstdint>
#include <vector>

struct ImDrawCmd;
struct ImDrawData;
struct ImDrawList;

namespace dilascope {

// Whole pixels, y down; empty when a side is not positive.
struct PixelRect {
    int left = 0, top = 0, right = 0, bottom = 0;
    bool is_empty() const { return right <= left || bottom <= top; }
    std::int64_t area() const { return is_empty() ? 0 : std::int64_t(right - left) * (bottom - top); }
    friend bool operator==(const PixelRect&, const PixelRect&) = default;
};
PixelRect intersection(const PixelRect& a, const PixelRect& b);
// The smallest rectangle around both.
PixelRect hull(const PixelRect& a, const PixelRect& b);
// The pixels a command may touch, exactly as ImGui's OpenGL backend rounds them.
PixelRect clip_of(const ImDrawCmd& command, int height);

// What a command draws from one of its indices on: a quad, as ImGui writes most things, or a triangle.
struct DrawnPiece {
    unsigned indices = 3; // 3 or 6
    PixelRect pixels;     // that it may touch
};
// `clip` lies in the picture.
DrawnPiece piece_at(const ImDrawList& list, const ImDrawCmd& command, unsigned first, const PixelRect& clip);

class Damage {
public:
    static constexpr int cell_width = 64, cell_height = 32; // pixels
    static constexpr std::size_t rectangles_max = 24;

    // Rectangles of whole cells, within the picture, that cover every pixel in which `frame` may differ from the frame
    // given last; they may overlap. The whole picture for the first frame, another size, and commands that cannot be
    // compared (callbacks other than SolidFill). Texture ids stand for content: see Textures.
    std::vector<PixelRect> update(const ImDrawData& frame);
    // The next update() gives the whole picture.
    void forget() { last_.clear(); }

private:
    bool add_list(const ImDrawList& list);
    void add_triangles(const ImDrawList& list, const ImDrawCmd& command, const PixelRect& clip);
    void add_fill(const ImDrawCmd& command, const PixelRect& clip);
    std::vector<PixelRect> changed_cells() const;

    int width_ = 0, height_ = 0, columns_ = 0, rows_ = 0;
    std::vector<std::uint64_t> last_, cells_; // a hash of all that touches a cell, in its order
};

} // namespace dilascope
