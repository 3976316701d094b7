#pragma once
// The bar at the bottom: the job under way, the selected cell, the backend's and the frame's time.
namespace dilascope {

class Workbench;
inline constexpr float status_bar_height = 28; // logical pixels
void draw_status_bar(Workbench& workbench);

} // namespace dilascope
