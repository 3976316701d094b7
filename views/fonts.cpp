// The atlas of ImGui: every text style at its rounded pixel size.
#include "views/font_files.h"
#include "views/theme.h"

#include <cmath>
#include <imgui.h>
#include <imgui_freetype.h>

namespace dilascope {
namespace {

constexpr std::size_t style_count = 6;
std::array<ImFont*, style_count> fonts = {};

// Latin with accents, Greek, punctuation and spaces, superscripts and subscripts, arrows, mathematics, small shapes.
constexpr ImWchar glyph_ranges[] = {0x0020, 0x017f, 0x0370, 0x03ff, 0x2002, 0x2026, 0x202f, 0x203a, 0x2070,
                                    0x208e, 0x2190, 0x2199, 0x2200, 0x2265, 0x25a0, 0x25cf, 0};

constexpr ImWchar thin_space_glyph = 0x2009;

ImFont* add_font(ImFontAtlas& atlas, TextStyle style, float scale) {
    const FontFiles& files = font_files(style);
    ImFontConfig config;
    config.OversampleH = config.OversampleV = 1;
    config.PixelSnapH = is_monospaced(style); // columns of digits stay on whole pixels
    const float pixels = std::round(text_pixels(style) * scale);
    if (files.face.empty()) {
        config.SizePixels = std::round(13 * scale);
        return atlas.AddFontDefault(&config);
    }
    ImFont* font = atlas.AddFontFromFileTTF(files.face.c_str(), pixels, &config, glyph_ranges);
    if (!files.symbols.empty() && files.symbols != files.face) {
        config.MergeMode = true; // a glyph that the face has stays the face's
        atlas.AddFontFromFileTTF(files.symbols.c_str(), pixels, &config, glyph_ranges);
    }
    return font;
}

} // namespace

void build_fonts(float scale) {
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    atlas.Clear();
    atlas.FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    atlas.FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
    atlas.Flags |= ImFontAtlasFlags_NoPowerOfTwoHeight;
    for (std::size_t index = 0; index < style_count; ++index) fonts[index] = add_font(atlas, TextStyle(index), scale);
    ImGui::GetIO().FontDefault = imgui_font(TextStyle::body);
    atlas.Build();
    for (ImFont* font : fonts) // ImGui's own font has no thin space, and would draw a question mark
        if (!font->FindGlyphNoFallback(thin_space_glyph)) font->AddRemapChar(thin_space_glyph, ' ');
}

ImFont* imgui_font(TextStyle style) { return fonts[std::size_t(style)]; }

} // namespace dilascope
