#pragma once
// Widgets: the few ImGui items that forms and cards of views are made of, in the theme's type roles.
#include "views/canvas.h"
#include <span>
#include <string_view>

namespace dilascope {

// One line of text at the cursor.
void text_line(std::string_view text, TextStyle style, Colour colour);
// A section's title with a muted remark behind it.
void section_title(std::string_view title, std::string_view remark = {});
// A hairline across the panel with air above and below.
void section_rule();
// Shows `text` while the mouse rests over the last item with no button down.
void item_tooltip(std::string_view text);
// A boxed text button, marked as `id`; `accent` for the one main action.
enum class ButtonKind { plain, accent };
bool text_button(const char* id, std::string_view text, ButtonKind kind = ButtonKind::plain, float width_pixels = 0);
// Buttons side by side, one of which is chosen, marked "<id>/0", "<id>/1" …; true when the choice changed.
bool segmented_buttons(const char* id, std::span<const char* const> texts, int& chosen,
                       std::span<const char* const> helps = {});
// A tick box with its label, marked as `id`.
bool tick_box(const char* id, std::string_view text, bool& value);

// Places the cursor (screen pixels) at a logical point of the canvas.
void set_cursor(const Canvas& canvas, Point logical);
// The room for content from the cursor on, logical.
Rect content_area(const Canvas& canvas);

} // namespace dilascope
