#pragma once
// Theme: every colour, size and font of the program, dark and light. The only place where a colour is written down.
#include "views/canvas.h"
#include "views/geometry.h"
#include <array>

struct ImFont;

namespace dilascope {

enum class ThemeMode : std::uint8_t { dark, light };

struct Theme {
    ThemeMode mode = ThemeMode::dark;
    Colour window, panel, raised, line, text, muted, disabled, accent, good, warning, bad;
};
const Theme& theme_of(ThemeMode mode);

// The theme in force; set once a frame by the workbench, or by a figure while it draws.
const Theme& theme();
void use_theme(ThemeMode mode);

// Colour of branch b (colour-blind safe, repeats after eight); a branch keeps it in every view.
Colour branch_colour(int branch);

// viridis and cividis for magnitudes; blue–white–vermilion for signed values, centred at 0.5. t in 0 … 1.
enum class ColourMap : std::uint8_t { viridis, cividis, diverging };
Colour map_colour(ColourMap map, float t);

// WCAG contrast ratio of two opaque colours, 1 … 21.
double contrast_ratio(Colour a, Colour b);

// Sizes in logical pixels, on a 4 px grid.
namespace space {
inline constexpr float grid = 4, gap = 8, padding = 12, row = 24, radius = 4, splitter = 6;
}
float text_pixels(TextStyle style); // font size, logical pixels

// Applies the theme to ImGui: colours and sizes on a fresh style, scaled once.
void apply_imgui_style(ThemeMode mode, float scale);
// Adds Inter and JetBrains Mono (system packages; ImGui's own font when missing) at rounded pixel sizes for `scale`.
void build_fonts(float scale);
ImFont* imgui_font(TextStyle style);

} // namespace dilascope
