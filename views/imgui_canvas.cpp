#include "views/imgui_canvas.h"
#include "views/imgui_colour.h"
#include "views/theme.h"

#include <cmath>

namespace dilascope {
namespace {

ImVec2 vec2(Point p) { return {p.x, p.y}; }

// Thin lines along an axis are drawn through pixel centres, else they blur over two pixels.
float crisp(float coordinate, float width) {
    return std::lround(width) % 2 ? std::floor(coordinate) + 0.5f : std::round(coordinate);
}

// An anti-aliased polyline takes up to 6 vertices a point, and indices have 16 bits: draw long ones in pieces.
constexpr std::size_t polyline_piece = 4096;

} // namespace

ImGuiCanvas::ImGuiCanvas(ImDrawList* list, Point origin, float scale, TextureSource* textures)
    : list_(list), origin_(origin), scale_(scale), textures_(textures) {}

void ImGuiCanvas::line(Point from, Point to, Colour colour, float width) {
    Point a = screen(from), b = screen(to);
    const float pixels = std::max(1.f, width * scale_);
    // AddLine moves both ends by half a pixel itself.
    if (a.x == b.x) a.x = b.x = crisp(a.x, pixels) - 0.5f;
    if (a.y == b.y) a.y = b.y = crisp(a.y, pixels) - 0.5f;
    list_->AddLine(vec2(a), vec2(b), colour32(colour), pixels);
}

void ImGuiCanvas::polyline(std::span<const Point> points, Colour colour, float width) {
    std::vector<ImVec2> piece;
    piece.reserve(std::min(points.size(), polyline_piece + 1));
    for (std::size_t begin = 0; begin + 1 < points.size(); begin += polyline_piece) {
        const std::size_t end = std::min(points.size(), begin + polyline_piece + 1);
        piece.clear();
        for (std::size_t index = begin; index < end; ++index) piece.push_back(vec2(screen(points[index])));
        list_->AddPolyline(piece.data(), int(piece.size()), colour32(colour), 0, width * scale_);
    }
}

void ImGuiCanvas::polygon(std::span<const Point> points, Colour fill) {
    for (const Point p : points) list_->PathLineTo(vec2(screen(p)));
    list_->PathFillConvex(colour32(fill));
}

void ImGuiCanvas::band(std::span<const Point> upper, std::span<const Point> lower, Colour fill) {
    const ImDrawListFlags flags = list_->Flags;
    list_->Flags &= ~ImDrawListFlags_AntiAliasedFill; // the soft rims of neighbouring pieces would show as seams
    for (std::size_t index = 1; index < upper.size(); ++index)
        list_->AddQuadFilled(vec2(screen(upper[index - 1])), vec2(screen(upper[index])), vec2(screen(lower[index])),
                             vec2(screen(lower[index - 1])), colour32(fill));
    list_->Flags = flags;
    for (const auto edge : {upper, lower}) polyline(edge, fill, 1 / scale_); // softens the rims
}

void ImGuiCanvas::rectangle(Rect r, Colour colour, float width, float radius) {
    const Point from = screen({r.x, r.y}), to = screen({r.right(), r.bottom()});
    list_->AddRect({std::round(from.x), std::round(from.y)}, {std::round(to.x), std::round(to.y)}, colour32(colour),
                   radius * scale_, 0, std::max(1.f, width * scale_));
}

void ImGuiCanvas::filled_rectangle(Rect r, Colour colour, float radius) {
    constexpr float large = 128 * 128; // pixels
    const Point corner = screen({r.x, r.y});
    const Rect pixels{corner.x, corner.y, r.width * scale_, r.height * scale_};
    const ImVec2 clip_low = list_->GetClipRectMin(), clip_high = list_->GetClipRectMax();
    const bool is_whole = pixels.x >= clip_low.x && pixels.y >= clip_low.y && pixels.right() <= clip_high.x &&
                          pixels.bottom() <= clip_high.y;
    if (textures_ && radius == 0 && colour.a == 255 && is_whole && pixels.width * pixels.height > large &&
        textures_->solid_fill(list_, pixels, colour))
        return;
    list_->AddRectFilled(vec2(screen({r.x, r.y})), vec2(screen({r.right(), r.bottom()})), colour32(colour),
                         radius * scale_);
}

void ImGuiCanvas::circle(Point centre, float radius, Colour colour, float width) {
    list_->AddCircle(vec2(screen(centre)), radius * scale_, colour32(colour), 0, width * scale_);
}

void ImGuiCanvas::filled_circle(Point centre, float radius, Colour colour) {
    list_->AddCircleFilled(vec2(screen(centre)), radius * scale_, colour32(colour));
}

void ImGuiCanvas::text(Point at, std::string_view text, TextStyle style, Colour colour, Align align) {
    if (text.empty()) return;
    if (align != Align::left) at.x -= text_size(text, style).x * (align == Align::centre ? 0.5f : 1.f);
    const Point p = screen(at);
    const ImFont* font = imgui_font(style);
    list_->AddText(font, font->FontSize, {std::round(p.x), std::round(p.y)}, colour32(colour), text.data(),
                   text.data() + text.size());
}

void ImGuiCanvas::vertical_text(Point centre, std::string_view text, TextStyle style, Colour colour) {
    if (text.empty()) return;
    const Point size = text_size(text, style), middle = screen(centre);
    const ImFont* font = imgui_font(style);
    const int first = list_->VtxBuffer.Size;
    // Drawn level, then turned; RenderText takes the clip rectangle only to leave out glyphs, which must not happen
    // yet.
    const ImVec2 corner = {std::round(middle.x - size.x * scale_ / 2), std::round(middle.y - size.y * scale_ / 2)};
    font->RenderText(list_, font->FontSize, corner, colour32(colour), {-1e9f, -1e9f, 1e9f, 1e9f}, text.data(),
                     text.data() + text.size());
    const float cx = std::round(middle.x), cy = std::round(middle.y);
    for (int index = first; index < list_->VtxBuffer.Size; ++index) {
        ImVec2& p = list_->VtxBuffer[index].pos;
        p = {cx + (p.y - cy), cy - (p.x - cx)};
    }
}

Point ImGuiCanvas::text_size(std::string_view text, TextStyle style) const {
    const ImFont* font = imgui_font(style);
    const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0, text.data(), text.data() + text.size());
    return {size.x / scale_, size.y / scale_};
}

void ImGuiCanvas::image(Rect where, const Image& image) {
    void* texture = textures_ ? textures_->texture(image) : nullptr;
    if (!texture) return rectangle(where, theme().line, 1, 0);
    const Point from = screen({where.x, where.y}), to = screen({where.right(), where.bottom()});
    list_->AddImage(texture, {std::round(from.x), std::round(from.y)}, {std::round(to.x), std::round(to.y)});
}

void ImGuiCanvas::push_clip(Rect r) {
    list_->PushClipRect(vec2(screen({r.x, r.y})), vec2(screen({r.right(), r.bottom()})), true);
}

void ImGuiCanvas::pop_clip() { list_->PopClipRect(); }

} // namespace dilascope
