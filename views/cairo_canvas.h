#pragma once
// CairoCanvas: a Canvas into PNG, SVG or PDF, without a window or a display. The file carries its provenance.
#include "engine/result.h"
#include "views/canvas.h"
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dilascope {

enum class FigureFormat : std::uint8_t { png, svg, pdf };
constexpr auto enum_names(FigureFormat) { return std::array<std::string_view, 3>{"png", "svg", "pdf"}; }

// What a picture says about itself: "Title", "Configuration", "Case hash" … A text chunk each in PNG, the title and
// description in SVG, the document information in PDF.
struct Provenance {
    std::string key, value;
};

struct Figure {
    float width = 800, height = 500; // logical pixels
    float scale = 2; // device pixels of a PNG in a logical one; SVG and PDF have their own unit, 1/96 inch
    std::vector<Provenance> provenance;
    std::function<void(Canvas&)> draw; // covers (0, 0) … (width, height), which is the theme's panel colour before
};

// The bytes of the file. Errors: no size or one too large to draw, Cairo's or libpng's own.
Result<std::string> encode_figure(const Figure& figure, FigureFormat format);

// Writes the format named by the extension. Errors as above, and: unknown extension, a place that cannot be written.
Result<void> save_figure(const Figure& figure, const std::filesystem::path& path);

} // namespace dilascope
