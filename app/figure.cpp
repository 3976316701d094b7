#include "app/figure.h"
#include "views/cairo_canvas.h"
#include "views/figure_file.h"
#include <cmath>

namespace dilascope {

static std::vector<Provenance> provenance_of(const std::string& title, const Case& config) {
    return {{"Title", title},
            {"Software", "Dilascope"},
            {"Configuration", case_text(config)},
            {"Case hash", case_hash(config)}};
}

Result<void> write_figure(View& view, const Workspace& workspace, const std::filesystem::path& path,
                          const FigureOptions& options) {
    Figure figure;
    figure.width = options.width;
    figure.height = options.height;
    figure.scale = options.scale;
    figure.provenance = provenance_of(view.title(), workspace.config);
    bool has_figure = true;
    figure.draw = [&](Canvas& canvas) {
        has_figure = view.draw_figure(workspace, canvas, {0, 0, options.width, options.height});
    };
    const ThemeMode shown = theme().mode;
    use_theme(options.theme);
    const Result<void> saved = save_figure(figure, path);
    use_theme(shown);
    if (saved && !has_figure) {
        std::error_code error;
        std::filesystem::remove(path, error);
        return fail(std::string("view \"") + view.name() + "\" has no figure form; write its pixels as .png instead");
    }
    return saved;
}

Result<void> write_picture(const Picture& picture, const std::filesystem::path& path, const std::string& title,
                           const Case& config) {
    // The encoder takes Cairo's order, 0xaarrggbb; ours is 0xaabbggrr.
    std::vector<std::uint32_t> pixels(picture.rgba.size());
    for (std::size_t index = 0; index < pixels.size(); ++index) {
        const std::uint32_t p = picture.rgba[index];
        pixels[index] = (p & 0xff00ff00) | ((p & 0xff) << 16) | ((p >> 16) & 0xff);
    }
    PngPixels png;
    png.bytes = reinterpret_cast<const unsigned char*>(pixels.data());
    png.width = picture.width;
    png.height = picture.height;
    png.stride_bytes = picture.width * 4;
    const std::string bytes = TRY(encode_png(png, provenance_of(title, config)));
    return write_figure_file(path, bytes);
}

Picture crop(const Picture& picture, Rect pixels) {
    const int x0 = std::clamp(int(std::lround(pixels.x)), 0, picture.width);
    const int y0 = std::clamp(int(std::lround(pixels.y)), 0, picture.height);
    const int x1 = std::clamp(int(std::lround(pixels.right())), x0, picture.width);
    const int y1 = std::clamp(int(std::lround(pixels.bottom())), y0, picture.height);
    Picture part{x1 - x0, y1 - y0, {}};
    part.rgba.reserve(std::size_t(part.width) * std::size_t(part.height));
    for (int y = y0; y < y1; ++y) {
        const auto row = picture.rgba.begin() + std::ptrdiff_t(y) * picture.width;
        part.rgba.insert(part.rgba.end(), row + x0, row + x1);
    }
    return part;
}

} // namespace dilascope
