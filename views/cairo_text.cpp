#include "views/cairo_text.h"
#include "views/font_files.h"
#include "views/theme.h"

#include <cairo-ft.h>
#include <cmath>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_ADVANCES_H
#include <array>
#include <mutex>

namespace dilascope {
namespace {

// Lives as long as the process, because Cairo keeps references to it in its own caches.
struct Face {
    FT_Face handle = nullptr;
    cairo_font_face_t* font = nullptr;
    double em = 1, ascent = 1; // of a line of height 1
};

struct StyleFaces {
    Face face, symbols; // symbols.handle may be null
};

Face open_face(FT_Library library, const std::string& path) {
    Face face;
    if (path.empty() || FT_New_Face(library, path.c_str(), 0, &face.handle) != 0) return {};
    const double line = face.handle->ascender - face.handle->descender;
    if (line > 0) {
        face.em = face.handle->units_per_EM / line;
        face.ascent = face.handle->ascender / line;
    }
    face.font = cairo_ft_font_face_create_for_ft_face(face.handle, FT_LOAD_TARGET_LIGHT);
    return face;
}

const StyleFaces& faces(TextStyle style) {
    static const std::array<StyleFaces, 6> all = [] {
        std::array<StyleFaces, 6> opened;
        FT_Library library = nullptr;
        if (FT_Init_FreeType(&library) != 0) return opened;
        for (std::size_t index = 0; index < opened.size(); ++index) {
            const FontFiles& files = font_files(TextStyle(index));
            opened[index].face = open_face(library, files.face);
            if (files.symbols != files.face) opened[index].symbols = open_face(library, files.symbols);
        }
        return opened;
    }();
    return all[std::size_t(style)];
}

// FreeType faces are not for two threads at once.
std::mutex& face_mutex() {
    static std::mutex mutex;
    return mutex;
}

struct Letter {
    const Face* face = nullptr;
    unsigned long glyph = 0;
    double x = 0;  // of its left end
    int bytes = 0; // in the text
};

// Decodes one character; a malformed byte counts as one character that no face has.
char32_t next_character(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t index) { return index < text.size() ? std::uint8_t(text[index]) : 0; };
    const std::uint8_t lead = byte(at);
    const int length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    char32_t character = length <= 1 ? lead : lead & (0x7f >> length);
    for (int index = 1; index < length; ++index) {
        if (byte(at + std::size_t(index)) >> 6 != 2) return ++at, 0xfffd;
        character = character << 6 | (byte(at + std::size_t(index)) & 0x3f);
    }
    at += std::size_t(std::max(1, length));
    return length == 0 ? 0xfffd : character;
}

double advance(const Face& face, unsigned long glyph) {
    FT_Fixed units = 0;
    if (FT_Get_Advance(face.handle, FT_UInt(glyph), FT_LOAD_NO_SCALE, &units) != 0) return 0;
    return double(units) / face.handle->units_per_EM * face.em;
}

// Places the letters of a line of height 1; returns its width.
double lay_out(std::string_view text, TextStyle style, std::vector<Letter>* letters) {
    const StyleFaces& style_faces = faces(style);
    if (!style_faces.face.handle) return 0;
    double x = 0;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const char32_t character = next_character(text, at);
        const Face* face = &style_faces.face;
        unsigned long glyph = FT_Get_Char_Index(face->handle, character);
        if (!glyph && style_faces.symbols.handle) {
            if (const auto symbol = FT_Get_Char_Index(style_faces.symbols.handle, character)) {
                face = &style_faces.symbols;
                glyph = symbol;
            }
        }
        if (letters) letters->push_back({face, glyph, x, int(at - begin)});
        x += advance(*face, glyph);
    }
    return x;
}

} // namespace

Point cairo_text_size(std::string_view text, TextStyle style) {
    const std::lock_guard lock(face_mutex());
    const float pixels = text_pixels(style);
    return {float(lay_out(text, style, nullptr)) * pixels, pixels};
}

void cairo_draw_text(cairo_t* context, Point top_left, std::string_view text, TextStyle style, TextDrawing drawing) {
    const std::lock_guard lock(face_mutex());
    std::vector<Letter> letters;
    lay_out(text, style, &letters);
    const double pixels = text_pixels(style);
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(context, options);
    cairo_font_options_destroy(options);

    const double baseline = top_left.y + faces(style).face.ascent * pixels;
    std::size_t byte = 0;
    for (std::size_t begin = 0; begin < letters.size();) { // runs of one face
        std::size_t end = begin;
        std::vector<cairo_glyph_t> glyphs;
        std::vector<cairo_text_cluster_t> clusters;
        int bytes = 0;
        for (; end < letters.size() && letters[end].face == letters[begin].face; ++end) {
            glyphs.push_back({letters[end].glyph, top_left.x + letters[end].x * pixels, baseline});
            clusters.push_back({letters[end].bytes, 1});
            bytes += letters[end].bytes;
        }
        cairo_set_font_face(context, letters[begin].face->font);
        cairo_set_font_size(context, letters[begin].face->em * pixels);
        if (drawing == TextDrawing::shapes) {
            cairo_glyph_path(context, glyphs.data(), int(glyphs.size()));
            cairo_fill(context);
        } else {
            cairo_show_text_glyphs(context, text.data() + byte, bytes, glyphs.data(), int(glyphs.size()),
                                   clusters.data(), int(clusters.size()), cairo_text_cluster_flags_t(0));
        }
        byte += std::size_t(bytes);
        begin = end;
    }
}

} // namespace dilascope
