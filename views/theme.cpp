#include "views/theme.h"
#include "views/imgui_colour.h"

#include <cmath>

namespace dilascope {
namespace {

constexpr Theme dark_theme = {ThemeMode::dark, rgb(0x0f1216), rgb(0x161a20), rgb(0x1e242c),
                              rgb(0x2a323c),   rgb(0xe7eaef), rgb(0x9aa5b3), rgb(0x5a6675),
                              rgb(0x5cc8ff),   rgb(0x5fd38d), rgb(0xf2b84b), rgb(0xff6b6b)};
constexpr Theme light_theme = {ThemeMode::light, rgb(0xf4f6f8), rgb(0xffffff), rgb(0xeaeef2),
                               rgb(0xd5dbe3),    rgb(0x17202b), rgb(0x586474), rgb(0x9aa5b3),
                               rgb(0x0a76c9),    rgb(0x1a8a4f), rgb(0xa86a00), rgb(0xc92a2a)};

ThemeMode mode_in_force = ThemeMode::dark;

double linear_light(std::uint8_t channel) {
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Colour c) {
    return 0.2126 * linear_light(c.r) + 0.7152 * linear_light(c.g) + 0.0722 * linear_light(c.b);
}

Colour mix(Colour a, Colour b, float t) {
    const auto channel = [t](int from, int to) { return std::uint8_t(from + (to - from) * t + 0.5f); };
    return {channel(a.r, b.r), channel(a.g, b.g), channel(a.b, b.b), channel(a.a, b.a)};
}

std::uint8_t byte_from_unit(double unit) { return std::uint8_t(std::clamp(unit, 0.0, 1.0) * 255 + 0.5); }

// Polynomial fits of the published tables, a few 255ths away from them, which no eye tells.
Colour viridis(double t) {
    constexpr double c[7][3] = {{0.27773, 0.00541, 0.33410},   {0.10509, 1.40461, 1.38459},
                                {-0.33086, 0.21485, 0.09510},  {-4.63423, -5.79910, -19.33244},
                                {6.22827, 14.17993, 56.69055}, {4.77638, -13.74515, -65.35303},
                                {-5.43546, 4.64585, 26.31244}};
    double channel[3] = {};
    for (int power = 6; power >= 0; --power)
        for (int index = 0; index < 3; ++index) channel[index] = channel[index] * t + c[power][index];
    return {byte_from_unit(channel[0]), byte_from_unit(channel[1]), byte_from_unit(channel[2])};
}

Colour cividis(double t) {
    const double r = -4.54 - t * (35.34 - t * (2381.73 - t * (6402.7 - t * (7024.72 - t * 2710.57))));
    const double g = 32.49 + t * (170.73 + t * (52.82 - t * (131.46 - t * (176.58 - t * 67.37))));
    const double b = 81.24 + t * (442.36 - t * (2482.43 - t * (6167.24 - t * (6614.94 - t * 2475.67))));
    return {byte_from_unit(r / 255), byte_from_unit(g / 255), byte_from_unit(b / 255)};
}

Colour diverging(float t) {
    constexpr Colour low = rgb(0x0072b2), middle = rgb(0xf7f7f7), high = rgb(0xd55e00);
    return t < 0.5f ? mix(low, middle, 2 * t) : mix(middle, high, 2 * t - 1);
}

using ColourTable = std::array<Colour, 256>;
ColourTable colour_table(Colour (*map)(double)) {
    ColourTable table;
    for (int index = 0; index < 256; ++index) table[std::size_t(index)] = map(index / 255.0);
    return table;
}

void set_sizes(ImGuiStyle& style) {
    style.WindowPadding = {space::padding, space::padding};
    style.FramePadding = {space::gap, 4};
    style.CellPadding = {space::gap, 3};
    style.ItemSpacing = {space::gap, space::grid};
    style.ItemInnerSpacing = {space::gap, space::grid};
    style.IndentSpacing = 16;
    style.ScrollbarSize = 12;
    style.GrabMinSize = 10;
    style.WindowRounding = style.ChildRounding = style.FrameRounding = style.PopupRounding = space::radius;
    style.ScrollbarRounding = style.GrabRounding = style.TabRounding = space::radius;
    style.WindowBorderSize = style.ChildBorderSize = style.PopupBorderSize = 1;
    style.FrameBorderSize = style.TabBorderSize = 0;
    style.WindowTitleAlign = {0, 0.5f};
    style.WindowMenuButtonPosition = ImGuiDir_None;
    style.SelectableTextAlign = {0, 0.5f};
    style.CircleTessellationMaxError = 0.2f;
}

void set_colours(ImGuiStyle& style, const Theme& t) {
    const Colour hovered = mix(t.raised, t.text, 0.07f), pressed = mix(t.raised, t.text, 0.14f);
    const Colour none = t.panel.with_alpha(0), selected = t.accent.with_alpha(0.18f);
    const auto set = [&style](Colour colour, std::initializer_list<ImGuiCol> which) {
        for (const ImGuiCol index : which) style.Colors[index] = vec4(colour);
    };
    set(t.text, {ImGuiCol_Text});
    set(t.muted, {ImGuiCol_TextDisabled});
    set(t.panel, {ImGuiCol_WindowBg});
    set(none, {ImGuiCol_ChildBg, ImGuiCol_BorderShadow, ImGuiCol_ScrollbarBg, ImGuiCol_TableRowBg, ImGuiCol_Tab,
               ImGuiCol_TableRowBgAlt, ImGuiCol_TabUnfocused, ImGuiCol_ResizeGrip});
    set(mix(t.raised, t.panel, 0.3f), {ImGuiCol_PopupBg});
    set(t.line, {ImGuiCol_Border, ImGuiCol_Separator, ImGuiCol_TableBorderStrong, ImGuiCol_TableBorderLight});
    set(t.raised,
        {ImGuiCol_FrameBg, ImGuiCol_Button, ImGuiCol_TabActive, ImGuiCol_TabUnfocusedActive, ImGuiCol_TableHeaderBg});
    set(hovered, {ImGuiCol_FrameBgHovered, ImGuiCol_ButtonHovered, ImGuiCol_TabHovered, ImGuiCol_HeaderHovered});
    set(pressed, {ImGuiCol_FrameBgActive, ImGuiCol_ButtonActive, ImGuiCol_HeaderActive});
    set(selected, {ImGuiCol_Header});
    set(t.window, {ImGuiCol_TitleBg, ImGuiCol_TitleBgActive, ImGuiCol_TitleBgCollapsed, ImGuiCol_MenuBarBg});
    set(t.line, {ImGuiCol_ScrollbarGrab});
    set(t.disabled, {ImGuiCol_ScrollbarGrabHovered});
    set(t.muted, {ImGuiCol_ScrollbarGrabActive});
    set(t.accent, {ImGuiCol_CheckMark, ImGuiCol_SliderGrabActive, ImGuiCol_SeparatorHovered, ImGuiCol_SeparatorActive,
                   ImGuiCol_ResizeGripHovered, ImGuiCol_ResizeGripActive, ImGuiCol_PlotLines, ImGuiCol_PlotHistogram,
                   ImGuiCol_PlotLinesHovered, ImGuiCol_PlotHistogramHovered, ImGuiCol_DragDropTarget,
                   ImGuiCol_NavHighlight, ImGuiCol_NavWindowingHighlight});
    set(mix(t.accent, t.raised, 0.25f), {ImGuiCol_SliderGrab});
    set(t.accent.with_alpha(0.35f), {ImGuiCol_TextSelectedBg});
    set(rgb(0x000000).with_alpha(0.4f), {ImGuiCol_NavWindowingDimBg, ImGuiCol_ModalWindowDimBg});
}

} // namespace

const Theme& theme_of(ThemeMode mode) { return mode == ThemeMode::dark ? dark_theme : light_theme; }
const Theme& theme() { return theme_of(mode_in_force); }
void use_theme(ThemeMode mode) { mode_in_force = mode; }

Colour branch_colour(int branch) {
    constexpr std::array<Colour, 8> colours = {rgb(0x56b4e9), rgb(0xe69f00), rgb(0x009e73), rgb(0xf0e442),
                                               rgb(0xcc79a7), rgb(0xd55e00), rgb(0x0072b2), rgb(0x999999)};
    return colours[std::size_t(branch) % colours.size()];
}

Colour map_colour(ColourMap map, float t) {
    static const ColourTable viridis_table = colour_table(viridis), cividis_table = colour_table(cividis);
    const float unit = t >= 0 ? std::min(t, 1.f) : 0.f; // also takes NaN to 0
    if (map == ColourMap::diverging) return diverging(unit);
    return (map == ColourMap::viridis ? viridis_table : cividis_table)[std::size_t(unit * 255 + 0.5f)];
}

double contrast_ratio(Colour a, Colour b) {
    const double brighter = std::max(luminance(a), luminance(b)), darker = std::min(luminance(a), luminance(b));
    return (brighter + 0.05) / (darker + 0.05);
}

float text_pixels(TextStyle style) {
    switch (style) {
    case TextStyle::body:
    case TextStyle::title: return 15;
    case TextStyle::number: return 14;
    case TextStyle::caption:
    case TextStyle::caption_number: return 13;
    case TextStyle::headline: return 22;
    }
    return 15;
}

void apply_imgui_style(ThemeMode mode, float scale) {
    ImGuiStyle& style = ImGui::GetStyle();
    style = ImGuiStyle();
    set_sizes(style);
    set_colours(style, theme_of(mode));
    style.ScaleAllSizes(scale);
}

} // namespace dilascope
