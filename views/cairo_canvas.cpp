#include "views/cairo_canvas.h"
#include "engine/visit.h"
#include "views/cairo_text.h"
#include "views/figure_file.h"
#include "views/theme.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cmath>
#include <fmt/format.h>
#include <numbers>

namespace dilascope {
namespace {

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;
using Context = std::unique_ptr<cairo_t, decltype(&cairo_destroy)>;

class CairoCanvas final : public Canvas {
public:
    CairoCanvas(cairo_t* context, float scale, FigureFormat format) : c_(context), scale_(scale), format_(format) {}

    void line(Point from, Point to, Colour colour, float width) override {
        if (from.x == to.x) from.x = to.x = crisp(from.x, width);
        if (from.y == to.y) from.y = to.y = crisp(from.y, width);
        cairo_move_to(c_, from.x, from.y);
        cairo_line_to(c_, to.x, to.y);
        cairo_set_line_cap(c_, CAIRO_LINE_CAP_BUTT);
        stroke(colour, width);
    }
    void polyline(std::span<const Point> points, Colour colour, float width) override {
        path(points);
        cairo_set_line_cap(c_, CAIRO_LINE_CAP_ROUND);
        cairo_set_line_join(c_, CAIRO_LINE_JOIN_ROUND);
        stroke(colour, width);
    }
    void polygon(std::span<const Point> points, Colour colour) override {
        path(points);
        fill(colour);
    }
    void band(std::span<const Point> upper, std::span<const Point> lower, Colour colour) override {
        path(upper);
        for (auto point = lower.rbegin(); point != lower.rend(); ++point) cairo_line_to(c_, point->x, point->y);
        fill(colour);
    }
    void rectangle(Rect r, Colour colour, float width, float radius) override {
        const float right = crisp(r.right(), width), bottom = crisp(r.bottom(), width);
        const float left = crisp(r.x, width), top = crisp(r.y, width);
        outline({left, top, right - left, bottom - top}, radius);
        stroke(colour, width);
    }
    void filled_rectangle(Rect r, Colour colour, float radius) override {
        outline(r, radius);
        fill(colour);
    }
    void circle(Point centre, float radius, Colour colour, float width) override {
        cairo_arc(c_, centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
        stroke(colour, width);
    }
    void filled_circle(Point centre, float radius, Colour colour) override {
        cairo_arc(c_, centre.x, centre.y, radius, 0, 2 * std::numbers::pi);
        fill(colour);
    }
    void text(Point at, std::string_view text, TextStyle style, Colour colour, Align align) override {
        if (text.empty()) return;
        if (align != Align::left) at.x -= text_size(text, style).x * (align == Align::centre ? 0.5f : 1.f);
        if (format_ == FigureFormat::png) at = {std::round(at.x * scale_) / scale_, std::round(at.y * scale_) / scale_};
        set(colour);
        cairo_draw_text(c_, at, text, style, format_ == FigureFormat::png ? TextDrawing::shapes : TextDrawing::letters);
        words_.emplace_back(text);
    }
    void vertical_text(Point centre, std::string_view words, TextStyle style, Colour colour) override {
        const Point size = text_size(words, style);
        cairo_save(c_);
        cairo_translate(c_, centre.x, centre.y);
        cairo_rotate(c_, -std::numbers::pi / 2);
        text({-size.x / 2, -size.y / 2}, words, style, colour, Align::left);
        cairo_restore(c_);
    }
    Point text_size(std::string_view text, TextStyle style) const override { return cairo_text_size(text, style); }
    void image(Rect where, const Image& image) override;
    void push_clip(Rect r) override {
        cairo_save(c_);
        cairo_rectangle(c_, r.x, r.y, r.width, r.height);
        cairo_clip(c_);
    }
    void pop_clip() override { cairo_restore(c_); }
    float scale() const override { return scale_; }

    const std::vector<std::string>& words() const { return words_; }

private:
    // Pixel centres for thin lines along an axis; vector formats need none.
    float crisp(float coordinate, float width) const {
        if (format_ != FigureFormat::png) return coordinate;
        const bool odd = std::lround(std::max(1.f, width * scale_)) % 2;
        return (odd ? std::floor(coordinate * scale_) + 0.5f : std::round(coordinate * scale_)) / scale_;
    }
    void path(std::span<const Point> points) {
        cairo_new_path(c_);
        for (const Point p : points) cairo_line_to(c_, p.x, p.y);
    }
    void outline(Rect r, float radius) {
        radius = std::min({radius, r.width / 2, r.height / 2});
        cairo_new_path(c_);
        if (radius <= 0) return cairo_rectangle(c_, r.x, r.y, r.width, r.height);
        const double quarter = std::numbers::pi / 2;
        cairo_arc(c_, r.right() - radius, r.y + radius, radius, -quarter, 0);
        cairo_arc(c_, r.right() - radius, r.bottom() - radius, radius, 0, quarter);
        cairo_arc(c_, r.x + radius, r.bottom() - radius, radius, quarter, 2 * quarter);
        cairo_arc(c_, r.x + radius, r.y + radius, radius, 2 * quarter, 3 * quarter);
        cairo_close_path(c_);
    }
    void set(Colour c) { cairo_set_source_rgba(c_, c.r / 255.0, c.g / 255.0, c.b / 255.0, c.a / 255.0); }
    void stroke(Colour colour, float width) {
        set(colour);
        cairo_set_line_width(c_, width);
        cairo_stroke(c_);
    }
    void fill(Colour colour) {
        set(colour);
        cairo_fill(c_);
    }

    cairo_t* c_;
    float scale_;
    FigureFormat format_;
    std::vector<std::string> words_;
};

std::uint32_t premultiplied(std::uint32_t abgr) {
    const std::uint32_t a = abgr >> 24;
    const auto channel = [a, abgr](int shift) { return ((abgr >> shift & 0xff) * a + 127) / 255; };
    return a << 24 | channel(0) << 16 | channel(8) << 8 | channel(16);
}

void CairoCanvas::image(Rect where, const Image& image) {
    if (image.width <= 0 || image.height <= 0 || where.width <= 0 || where.height <= 0) return;
    // Viewers of SVG and PDF smooth magnified images whatever the file says, so pixels are repeated up front.
    const float zoom = std::min(where.width / float(image.width), where.height / float(image.height)) * 2;
    const int repeat =
        format_ == FigureFormat::png ? 1 : std::clamp(int(zoom), 1, 2048 / std::max(image.width, image.height) + 1);
    const int width = image.width * repeat, height = image.height * repeat;
    const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height), cairo_surface_destroy);
    if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) return;
    unsigned char* bytes = cairo_image_surface_get_data(surface.get());
    const int stride = cairo_image_surface_get_stride(surface.get());
    for (int row = 0; row < height; ++row) {
        auto* to = reinterpret_cast<std::uint32_t*>(bytes + std::ptrdiff_t(row) * stride);
        const std::uint32_t* from = image.rgba.data() + std::ptrdiff_t(row / repeat) * image.width;
        for (int column = 0; column < width; ++column) to[column] = premultiplied(from[column / repeat]);
    }
    cairo_surface_mark_dirty(surface.get());
    cairo_save(c_);
    cairo_rectangle(c_, where.x, where.y, where.width, where.height);
    cairo_clip(c_);
    cairo_translate(c_, where.x, where.y);
    cairo_scale(c_, where.width / width, where.height / height);
    cairo_set_source_surface(c_, surface.get(), 0, 0);
    const bool magnified = where.width * scale_ >= float(width) && where.height * scale_ >= float(height);
    cairo_pattern_set_filter(cairo_get_source(c_), magnified ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_paint(c_);
    cairo_restore(c_);
}

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
    static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
}

constexpr double points_per_pixel = 0.75; // 1/96 inch in PDF's 1/72

Surface make_surface(const Figure& figure, FigureFormat format, std::string& bytes) {
    const double width = figure.width, height = figure.height;
    cairo_surface_t* surface = nullptr;
    if (format == FigureFormat::svg) {
        surface = cairo_svg_surface_create_for_stream(append, &bytes, width, height);
        cairo_svg_surface_set_document_unit(surface, CAIRO_SVG_UNIT_PX);
    } else if (format == FigureFormat::pdf) {
        surface =
            cairo_pdf_surface_create_for_stream(append, &bytes, width * points_per_pixel, height * points_per_pixel);
    } else {
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, int(std::lround(width * figure.scale)),
                                             int(std::lround(height * figure.scale)));
    }
    return {surface, cairo_surface_destroy};
}

void describe_pdf(cairo_surface_t* surface, const std::vector<Provenance>& provenance) {
    std::string rest;
    for (const Provenance& entry : provenance) {
        if (entry.key == "Title")
            cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, entry.value.c_str());
        else
            rest += (rest.empty() ? "" : "; ") + entry.key + ": " + entry.value;
    }
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, rest.c_str());
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Dilascope");
}

Result<void> validate(const Figure& figure) {
    constexpr float pixels_max = 32767; // Cairo's own limit
    const float longer = std::max(figure.width, figure.height) * figure.scale;
    const float shorter = std::min(figure.width, figure.height) * figure.scale;
    if (shorter >= 1 && longer <= pixels_max) return {};
    return fail(
        fmt::format("figure: a size of {} × {} pixels at scale {} cannot be drawn; choose 1 to {:.0f} pixels for "
                    "each side after scaling",
                    figure.width, figure.height, figure.scale, pixels_max));
}

} // namespace

Result<std::string> encode_figure(const Figure& figure, FigureFormat format) {
    TRY(validate(figure));
    std::string bytes;
    Surface surface = make_surface(figure, format, bytes);
    if (format == FigureFormat::pdf) describe_pdf(surface.get(), figure.provenance);
    std::vector<std::string> words;
    {
        const Context context(cairo_create(surface.get()), cairo_destroy);
        const double unit = format == FigureFormat::png   ? figure.scale
                            : format == FigureFormat::pdf ? points_per_pixel
                                                          : 1;
        cairo_scale(context.get(), unit, unit);
        CairoCanvas canvas(context.get(), format == FigureFormat::png ? figure.scale : 1, format);
        canvas.filled_rectangle({0, 0, figure.width, figure.height}, theme().panel, 0);
        figure.draw(canvas);
        words = canvas.words();
        if (const auto status = cairo_status(context.get()))
            return fail(fmt::format("figure: Cairo could not draw it: {}", cairo_status_to_string(status)));
    }
    if (format == FigureFormat::png) {
        cairo_surface_flush(surface.get());
        const PngPixels pixels = {cairo_image_surface_get_data(surface.get()),
                                  cairo_image_surface_get_width(surface.get()),
                                  cairo_image_surface_get_height(surface.get()),
                                  cairo_image_surface_get_stride(surface.get()), 96.0 * figure.scale};
        return encode_png(pixels, figure.provenance);
    }
    cairo_surface_finish(surface.get());
    if (const auto status = cairo_surface_status(surface.get()))
        return fail(fmt::format("figure: Cairo could not write it: {}", cairo_status_to_string(status)));
    return format == FigureFormat::svg ? describe_svg(bytes, figure.provenance, words) : bytes;
}

Result<void> save_figure(const Figure& figure, const std::filesystem::path& path) {
    const std::string extension = path.extension().string();
    const auto format = extension.empty() ? std::nullopt : enum_from_name<FigureFormat>(extension.substr(1));
    if (!format)
        return fail(fmt::format("figure {}: unknown kind \"{}\"; use .png, .svg or .pdf", path.string(), extension));
    const std::string bytes = TRY(encode_figure(figure, *format));
    return write_figure_file(path, bytes);
}

} // namespace dilascope
