#pragma once
// The bar at the top: menu, layouts, search, backend, scale, theme.
namespace dilascope {

class Workbench;
inline constexpr float top_bar_height = 40; // logical pixels
void draw_top_bar(Workbench& workbench);

} // namespace dilascope
