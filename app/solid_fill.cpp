#include "app/solid_fill.h"
#include "app/controls.h"
#include <cmath>
#include <deque>
#include <epoxy/gl.h>

namespace dilascope {
namespace {

struct Fill {
    Rect pixels;
    Colour colour;
};
// Addresses stay until the frame is drawn.
std::deque<Fill>& fills() {
    static std::deque<Fill> list;
    return list;
}

void clear(const ImDrawList*, const ImDrawCmd* command) {
    const Fill& fill = *static_cast<const Fill*>(command->UserCallbackData);
    const int height = int(ImGui::GetIO().DisplaySize.y);
    glScissor(int(fill.pixels.x), height - int(fill.pixels.bottom()), int(fill.pixels.width), int(fill.pixels.height));
    glClearColor(float(fill.colour.r) / 255, float(fill.colour.g) / 255, float(fill.colour.b) / 255, 1);
    glClear(GL_COLOR_BUFFER_BIT);
}

} // namespace

void clear_solid_fills() { fills().clear(); }

void solid_fill(ImDrawList* list, Rect pixels, Colour colour) {
    const float x = std::round(pixels.x), y = std::round(pixels.y);
    const Rect whole = {x, y, std::round(pixels.right()) - x, std::round(pixels.bottom()) - y};
    if (whole.width <= 0 || whole.height <= 0) return;
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
