#include "views/figure_file.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <png.h>

namespace dilascope {
namespace {

struct PngJob {
    const PngPixels& pixels;
    const std::vector<Provenance>& provenance;
    std::vector<png_byte> row;
    std::string bytes;
    std::string error;
};

void remember_error(png_structp png, png_const_charp message) {
    static_cast<PngJob*>(png_get_error_ptr(png))->error = message;
    png_longjmp(png, 1);
}
void ignore_warning(png_structp, png_const_charp) {}
void append(png_structp png, png_bytep data, size_t length) {
    static_cast<PngJob*>(png_get_io_ptr(png))->bytes.append(reinterpret_cast<char*>(data), length);
}
void flush(png_structp) {}

bool is_ascii(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return std::uint8_t(c) < 0x80; });
}

void set_texts(png_structp png, png_infop info, const std::vector<Provenance>& provenance) {
    for (const Provenance& entry : provenance) {
        png_text text = {};
        text.compression = is_ascii(entry.value) ? PNG_TEXT_COMPRESSION_NONE : PNG_ITXT_COMPRESSION_NONE;
        text.key = const_cast<char*>(entry.key.c_str());
        text.text = const_cast<char*>(entry.value.c_str());
        png_set_text(png, info, &text, 1); // copies both
    }
}

// libpng leaves by longjmp, so nothing here may need a destructor.
bool write_png(png_structp png, png_infop info, PngJob& job) {
    if (setjmp(png_jmpbuf(png))) return false;
    const PngPixels& pixels = job.pixels;
    png_set_write_fn(png, &job, append, flush);
    png_set_IHDR(png, info, png_uint_32(pixels.width), png_uint_32(pixels.height), 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    const auto per_metre = png_uint_32(std::lround(pixels.dots_per_inch / 0.0254));
    png_set_pHYs(png, info, per_metre, per_metre, PNG_RESOLUTION_METER);
    set_texts(png, info, job.provenance);
    png_write_info(png, info);
    for (int row = 0; row < pixels.height; ++row) {
        const unsigned char* from = pixels.bytes + std::ptrdiff_t(row) * pixels.stride_bytes;
        for (int column = 0; column < pixels.width; ++column) {
            std::uint32_t xrgb = 0;
            std::memcpy(&xrgb, from + 4 * std::ptrdiff_t(column), 4);
            png_byte* to = job.row.data() + 3 * std::ptrdiff_t(column);
            to[0] = png_byte(xrgb >> 16), to[1] = png_byte(xrgb >> 8), to[2] = png_byte(xrgb);
        }
        png_write_row(png, job.row.data());
    }
    png_write_end(png, info);
    return true;
}

std::string escaped(const std::string& text) {
    std::string safe;
    for (const char c : text) {
        if (c == '&')
            safe += "&amp;";
        else if (c == '<')
            safe += "&lt;";
        else if (c == '>')
            safe += "&gt;";
        else if (std::uint8_t(c) >= 0x20 || c == '\n' || c == '\t')
            safe += c;
    }
    return safe;
}

} // namespace

Result<std::string> encode_png(const PngPixels& pixels, const std::vector<Provenance>& provenance) {
    PngJob job = {pixels, provenance, std::vector<png_byte>(3 * std::size_t(pixels.width)), "", ""};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, remember_error, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : nullptr;
    const bool written = info && write_png(png, info, job);
    png_destroy_write_struct(&png, &info);
    if (!written)
        return fail(
            fmt::format("figure: libpng could not write it: {}", job.error.empty() ? "out of memory" : job.error));
    return std::move(job.bytes);
}

std::string describe_svg(std::string svg, const std::vector<Provenance>& provenance,
                         const std::vector<std::string>& words) {
    std::string title, description;
    for (const Provenance& entry : provenance) {
        if (entry.key == "Title")
            title = entry.value;
        else
            description += entry.key + ": " + entry.value + "\n";
    }
    for (const std::string& word : words) description += word + "\n";
    const std::size_t root = svg.find("<svg");
    const std::size_t inside = root == std::string::npos ? root : svg.find('>', root);
    if (inside == std::string::npos) return svg;
    return svg.insert(inside + 1,
                      fmt::format("\n<title>{}</title>\n<desc>{}</desc>", escaped(title), escaped(description)));
}

Result<void> write_figure_file(const std::filesystem::path& path, const std::string& bytes) {
    errno = 0;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    if (!file)
        return fail(fmt::format("figure {}: cannot be created: {}; choose a folder you may write to", path.string(),
                                std::strerror(errno)));
    file.write(bytes.data(), std::streamsize(bytes.size()));
    file.close();
    if (file) return {};
    const int reason = errno;
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return fail(fmt::format("figure {}: cannot be written: {}; free some space or choose another folder", path.string(),
                            std::strerror(reason)));
}

} // namespace dilascope
