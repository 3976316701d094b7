#include "tests/catch.h"
#include "tests/scratch_folder.h"
#include "views/cairo_canvas.h"
#include "views/theme.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <png.h>

using namespace dilascope;

namespace {

Figure small_figure() {
    Figure figure;
    figure.width = 200;
    figure.height = 100;
    figure.scale = 1.5f;
    figure.provenance = {
        {"Title", "Timing <&>"}, {"Configuration", "dilated segments=64 rates=1"}, {"Note", "90 % ≤ Δ"}};
    figure.draw = [](Canvas& canvas) {
        canvas.filled_rectangle({10, 10, 50, 50}, rgb(0xff0000));
        canvas.text({70, 10}, "16 384 tokens − Δ", TextStyle::number, rgb(0x000000));
        canvas.vertical_text({180, 50}, "query", TextStyle::caption, rgb(0x000000));
        const std::uint32_t pixels[] = {0xff00ff00, 0xffff0000, 0xff0000ff, 0x00000000};
        canvas.image({100, 40, 40, 40}, {"test", 1, 2, 2, pixels});
        const Point upper[] = {{10, 70}, {30, 65}, {50, 70}}, lower[] = {{10, 90}, {30, 85}, {50, 90}};
        canvas.band(upper, lower, rgb(0x00ff00).with_alpha(0.5f));
        canvas.circle({70, 80}, 5, rgb(0), 1);
        canvas.push_clip({0, 0, 10, 10});
        canvas.line({0, 0}, {100, 100}, rgb(0), 2);
        canvas.pop_clip();
    };
    return figure;
}

struct Pixels {
    png_image image = {};
    std::vector<std::uint8_t> rgb;
    const std::uint8_t* at(int x, int y) const {
        return rgb.data() + 3 * (std::size_t(y) * image.width + std::size_t(x));
    }
};

Pixels decode(const std::string& png) {
    Pixels pixels;
    pixels.image.version = PNG_IMAGE_VERSION;
    REQUIRE(png_image_begin_read_from_memory(&pixels.image, png.data(), png.size()));
    pixels.image.format = PNG_FORMAT_RGB;
    pixels.rgb.resize(PNG_IMAGE_SIZE(pixels.image));
    REQUIRE(png_image_finish_read(&pixels.image, nullptr, pixels.rgb.data(), 0, nullptr));
    return pixels;
}

} // namespace

TEST_CASE("a PNG has the asked size, its pixels and its provenance", "[views]") {
    use_theme(ThemeMode::light);
    const auto png = encode_figure(small_figure(), FigureFormat::png);
    REQUIRE(png);
    const Pixels pixels = decode(*png);
    CHECK(pixels.image.width == 300);
    CHECK(pixels.image.height == 150);
    CHECK(std::memcmp(pixels.at(2, 148), "\xff\xff\xff", 3) == 0); // the light panel
    CHECK(std::memcmp(pixels.at(40, 40), "\xff\x00\x00", 3) == 0);
    // magnified pixels stay sharp squares, transparent ones show the ground
    CHECK(std::memcmp(pixels.at(152, 62), "\x00\xff\x00", 3) == 0);
    CHECK(std::memcmp(pixels.at(178, 88), "\x00\xff\x00", 3) == 0);
    CHECK(std::memcmp(pixels.at(182, 62), "\x00\x00\xff", 3) == 0);
    CHECK(std::memcmp(pixels.at(208, 118), "\xff\xff\xff", 3) == 0);
    bool has_ink = false; // where the text is
    for (int x = 105; x < 200; ++x) has_ink = has_ink || pixels.at(x, 25)[0] < 128;
    CHECK(has_ink);
    CHECK(png->find("tEXtTitle") != std::string::npos);
    CHECK(png->find("dilated segments=64 rates=1") != std::string::npos);
    CHECK(png->find("iTXtNote") != std::string::npos); // not ASCII
}

TEST_CASE("the same figure is the same picture", "[views]") {
    CHECK(*encode_figure(small_figure(), FigureFormat::png) == *encode_figure(small_figure(), FigureFormat::png));
}

TEST_CASE("an SVG can be searched for its texts", "[views]") {
    const auto svg = encode_figure(small_figure(), FigureFormat::svg);
    REQUIRE(svg);
    CHECK(svg->find("<title>Timing &lt;&amp;&gt;</title>") != std::string::npos);
    CHECK(svg->find("Configuration: dilated segments=64 rates=1") != std::string::npos);
    CHECK(svg->find("16 384 tokens − Δ") != std::string::npos);
    CHECK(svg->find("width=\"200px\"") != std::string::npos);
    CHECK(svg->find("</svg>") != std::string::npos);
}

TEST_CASE("a PDF is whole and names itself", "[views]") {
    const auto pdf = encode_figure(small_figure(), FigureFormat::pdf);
    REQUIRE(pdf);
    CHECK(pdf->starts_with("%PDF-"));
    CHECK(pdf->find("%%EOF") != std::string::npos);
    const bool is_packed = pdf->find("/ObjStm") != std::string::npos; // by Cairo 1.18, so that nothing can be read
    CHECK((is_packed || pdf->find("/Creator") != std::string::npos));
    CHECK((is_packed || pdf->find("MediaBox [ 0 0 150 75 ]") != std::string::npos)); // 200 × 100 pixels of 1/96 inch
    CHECK(pdf->size() > 2000);
}

TEST_CASE("a figure that cannot be made says why", "[views]") {
    Figure figure = small_figure();
    figure.width = 0;
    CHECK(!encode_figure(figure, FigureFormat::png));
    figure.width = 40000;
    const auto large = encode_figure(figure, FigureFormat::png);
    REQUIRE(!large);
    CHECK(large.error().what.find("32767") != std::string::npos);
    const ScratchFolder folder;
    const auto unknown = save_figure(small_figure(), folder / "picture.bmp");
    REQUIRE(!unknown);
    CHECK(unknown.error().what.find(".svg") != std::string::npos);
    const auto nowhere = save_figure(small_figure(), folder / "no such folder/picture.png");
    REQUIRE(!nowhere);
    CHECK(nowhere.error().what.find("No such file") != std::string::npos);
}

TEST_CASE("a figure on a full disk is refused and leaves nothing", "[views]") {
    if (!std::filesystem::exists("/dev/full")) return;
    const ScratchFolder folder;
    const auto link = folder / "picture.png";
    std::filesystem::create_symlink("/dev/full", link);
    const auto saved = save_figure(small_figure(), link);
    REQUIRE(!saved);
    CHECK(saved.error().what.find("space") != std::string::npos);
    CHECK(!std::filesystem::exists(link));
    CHECK(std::filesystem::exists("/dev/full"));
}
