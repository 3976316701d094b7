#include "tests/catch.h"
#include "views/theme.h"

#include <cmath>
#include <limits>

using namespace dilascope;

namespace {

bool close(Colour a, Colour b, int tolerance) {
    return std::abs(a.r - b.r) <= tolerance && std::abs(a.g - b.g) <= tolerance && std::abs(a.b - b.b) <= tolerance;
}

} // namespace

TEST_CASE("contrast ratio follows WCAG", "[views]") {
    CHECK(contrast_ratio(rgb(0xffffff), rgb(0x000000)) == Approx(21));
    CHECK(contrast_ratio(rgb(0x777777), rgb(0xffffff)) == Approx(4.478).margin(0.002)); // a published pair
    CHECK(contrast_ratio(rgb(0xffffff), rgb(0x777777)) == contrast_ratio(rgb(0x777777), rgb(0xffffff)));
}

TEST_CASE("text is readable in both themes", "[views]") {
    for (const ThemeMode mode : {ThemeMode::dark, ThemeMode::light}) {
        const Theme& t = theme_of(mode);
        for (const Colour ground : {t.panel, t.window, t.raised}) {
            CHECK(contrast_ratio(t.text, ground) >= 7);
            CHECK(contrast_ratio(t.muted, ground) >= 4.5);
        }
        // Words in these colours also say what they mean; on a panel they must still be legible.
        for (const Colour word : {t.accent, t.good, t.warning, t.bad}) CHECK(contrast_ratio(word, t.panel) >= 4);
    }
}

TEST_CASE("colour maps hit their published ends and middles", "[views]") {
    CHECK(close(map_colour(ColourMap::viridis, 0), rgb(0x440154), 6));
    CHECK(close(map_colour(ColourMap::viridis, 0.5f), rgb(0x21918c), 6));
    CHECK(close(map_colour(ColourMap::viridis, 1), rgb(0xfde725), 6));
    CHECK(close(map_colour(ColourMap::cividis, 0), rgb(0x00204d), 6));
    CHECK(close(map_colour(ColourMap::cividis, 0.5f), rgb(0x7d7c78), 6));
    CHECK(close(map_colour(ColourMap::cividis, 1), rgb(0xffea46), 6));
    CHECK(map_colour(ColourMap::diverging, 0.5f) == rgb(0xf7f7f7));
    CHECK(map_colour(ColourMap::viridis, -1) == map_colour(ColourMap::viridis, 0));
    CHECK(map_colour(ColourMap::viridis, 9) == map_colour(ColourMap::viridis, 1));
    CHECK(map_colour(ColourMap::cividis, std::numeric_limits<float>::quiet_NaN()) == map_colour(ColourMap::cividis, 0));
}

TEST_CASE("magnitude maps brighten steadily", "[views]") {
    for (const ColourMap map : {ColourMap::viridis, ColourMap::cividis})
        for (int step = 1; step <= 64; ++step)
            CHECK(contrast_ratio(map_colour(map, float(step) / 64), rgb(0x000000)) >
                  contrast_ratio(map_colour(map, float(step - 1) / 64), rgb(0x000000)));
}

TEST_CASE("a branch keeps its colour, and neighbours differ", "[views]") {
    CHECK(branch_colour(0) == rgb(0x56b4e9));
    CHECK(branch_colour(8) == branch_colour(0));
    for (int branch = 1; branch < 8; ++branch) CHECK(!close(branch_colour(branch), branch_colour(branch - 1), 30));
}
