#include "app/solid_fill.h"
#include "app/controls.h"
#include <cmath>
#include <deque>
#include <epoxy/gl.h>

namespace dilascope {
namespace {

// Addresses stay until the frame is drawn.
std::deque<SolidFill>& fills() {
    static std::deque<SolidFill> list;
    return list;
}

void clear(const ImDrawList*, const ImDrawCmd* command) {
    const SolidFill& fill = *solid_fill_of(*command);
    const int height = int(ImGui::GetIO().DisplaySize.y);
    const PixelRect seen = intersection(fill.pixels, clip_of(*command, height));
    if (seen.is_empty()) return;
    glScissor(seen.left, height - seen.bottom, seen.right - seen.left, seen.bottom - seen.top);
    glClearColor(float(fill.colour.r) / 255, float(fill.colour.g) / 255, float(fill.colour.b) / 255, 1);
    glClear(GL_COLOR_BUFFER_BIT);
}

} // namespace

const SolidFill* solid_fill_of(const ImDrawCmd& command) {
    return command.UserCallback == clear ? static_cast<const SolidFill*>(command.UserCallbackData) : nullptr;
}

void clear_solid_fills() { fills().clear(); }

void solid_fill(ImDrawList* list, Rect pixels, Colour colour) {
    const PixelRect whole = {int(std::round(pixels.x)), int(std::round(pixels.y)), int(std::round(pixels.right())),
                             int(std::round(pixels.bottom()))};
    if (whole.is_empty()) return;
    fills().push_back({whole, colour});
    list->AddCallback(clear, &fills().back());
}

void solid_panel(ImDrawList* list, Rect pixels, Colour colour, float radius) {
    const float strip = std::min(std::ceil(radius), std::floor(pixels.height / 2));
    solid_fill(list, {pixels.x, pixels.y + strip, pixels.width, pixels.height - 2 * strip}, colour);
    const float right = pixels.right(), bottom = pixels.bottom();
    list->AddRectFilled({pixels.x, pixels.y}, {right, pixels.y + strip}, colour_u32(colour), radius,
                        ImDrawFlags_RoundCornersTop);
    list->AddRectFilled({pixels.x, bottom - strip}, {right, bottom}, colour_u32(colour), radius,
                        ImDrawFlags_RoundCornersBottom);
}

} // namespace dilascope
