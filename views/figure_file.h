#pragma once
// Figure files: pixels as PNG with text chunks, the description inside an SVG, and writing either to disk.
#include "views/cairo_canvas.h"

namespace dilascope {

struct PngPixels {
    const unsigned char* bytes = nullptr; // rows of 32-bit xRGB in the machine's byte order, as Cairo has them
    int width = 0, height = 0, stride_bytes = 0;
    double dots_per_inch = 96;
};

// Provenance becomes tEXt chunks, iTXt where a value is not plain ASCII.
Result<std::string> encode_png(const PngPixels& pixels, const std::vector<Provenance>& provenance);

// Cairo draws SVG text as outlines, which look the same everywhere but cannot be searched; so the document gets a
// <title> and a <desc> with the provenance and every text that was drawn.
std::string describe_svg(std::string svg, const std::vector<Provenance>& provenance,
                         const std::vector<std::string>& words);

// Errors name the path and the reason; a file that could not be written whole is removed.
Result<void> write_figure_file(const std::filesystem::path& path, const std::string& bytes);

} // namespace dilascope
