#include "views/empty_state.h"
#include "views/theme.h"
#include "views/widgets.h"

#include <imgui.h>

namespace dilascope {

bool empty_state(const Canvas& canvas, std::string_view sentence, std::string_view remark, const char* id,
                 const char* button) {
    const Rect area = content_area(canvas);
    const float wanted = canvas.text_size(sentence, TextStyle::body).x;
    const Point corner = {area.x + std::max(0.f, (area.width - wanted) / 2),
                          area.y + std::max(0.f, area.height / 2 - 48)};
    set_cursor(canvas, corner);
    ImGui::BeginGroup();
    ImGui::PushTextWrapPos(0);
    text_line(sentence, TextStyle::body, theme().text);
    if (!remark.empty()) text_line(remark, TextStyle::caption, theme().muted);
    ImGui::PopTextWrapPos();
    ImGui::Dummy({0, space::grid * canvas.scale()});
    const bool pressed = text_button(id, button, ButtonKind::accent);
    ImGui::EndGroup();
    return pressed;
}

} // namespace dilascope
