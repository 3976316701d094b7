// Damage: two frames in, the cells that differ out; and the picture after partial redraws is that of a whole one.
#include "app/damage.h"
#include "app/solid_fill.h"
#include "tests/app/stage_fixture.h"
#include <functional>
#include <imgui.h>
#include <imgui_internal.h>
#include <random>

using namespace dilascope;

namespace {

constexpr int width = 640, height = 320; // 10 × 10 cells
constexpr PixelRect whole = {0, 0, width, height};

struct Quad {
    float left = 0, top = 0, right = 0, bottom = 0;
    ImU32 colour = 0xff102030;
    std::uintptr_t texture = 1;
    PixelRect clip = whole;
    bool is_fill = false;
    float texel = 0;
};
using Scene = std::vector<Quad>;

// CmdLists is a pointer in some versions of ImGui and a vector in others.
template <class Data> void set_list(Data& data, ImDrawList*& list) {
    if constexpr (requires { data.CmdLists.push_back(list); }) {
        data.CmdLists.push_back(list);
    } else {
        data.CmdLists = &list;
    }
    data.CmdListsCount = 1;
}

std::vector<PixelRect> update(Damage& damage, const Scene& scene, ImVec2 size = {width, height},
                              ImDrawCallback callback = nullptr) {
    ImDrawListSharedData shared;
    ImDrawList list(&shared);
    list._ResetForNewFrame();
    for (const Quad& quad : scene) {
        list.PushClipRect({float(quad.clip.left), float(quad.clip.top)},
                          {float(quad.clip.right), float(quad.clip.bottom)});
        list.PushTextureID(reinterpret_cast<ImTextureID>(quad.texture));
        if (quad.is_fill) {
            solid_fill(&list, {quad.left, quad.top, quad.right - quad.left, quad.bottom - quad.top},
                       rgb(quad.colour & 0xffffff));
        } else {
            list.PrimReserve(6, 4);
            list.PrimRectUV({quad.left, quad.top}, {quad.right, quad.bottom}, {quad.texel, 0}, {1, 1}, quad.colour);
        }
        list.PopTextureID();
        list.PopClipRect();
    }
    if (callback) list.AddCallback(callback, nullptr);
    ImDrawData data;
    ImDrawList* pointer = &list;
    set_list(data, pointer);
    data.DisplaySize = size;
    return damage.update(data);
}

// Columns and rows of the cells that differ.
using Cells = std::set<std::pair<int, int>>;
Cells cells_of(const std::vector<PixelRect>& rects) {
    Cells cells;
    for (const PixelRect& rect : rects)
        for (int y = rect.top; y < rect.bottom; y += Damage::cell_height)
            for (int x = rect.left; x < rect.right; x += Damage::cell_width)
                cells.emplace(x / Damage::cell_width, y / Damage::cell_height);
    return cells;
}
Cells changed(const Scene& before, const Scene& after) {
    Damage damage;
    CHECK(update(damage, before) == std::vector{whole});
    return cells_of(update(damage, after));
}

// Colours of every pixel, with all that was painted there since the last opaque fill.
std::vector<std::uint64_t> paint(const Scene& scene) {
    std::vector<std::uint64_t> pixels(std::size_t(width * height));
    for (const Quad& quad : scene) {
        const PixelRect seen =
            intersection({int(quad.left), int(quad.top), int(quad.right), int(quad.bottom)}, quad.clip);
        for (int y = seen.top; y < seen.bottom; ++y)
            for (int x = seen.left; x < seen.right; ++x) {
                std::uint64_t& pixel = pixels[std::size_t(y * width + x)];
                const std::uint64_t value = quad.colour * 31ull + quad.texture;
                pixel = quad.is_fill ? quad.colour : pixel * 1000003 + value;
            }
    }
    return pixels;
}

Quad random_quad(std::mt19937& random) {
    const auto below = [&](int limit) { return int(random() % unsigned(limit)); };
    Quad quad;
    quad.left = float(below(width) - 20);
    quad.top = float(below(height) - 20);
    quad.right = quad.left + float(1 + below(below(4) ? 60 : width));
    quad.bottom = quad.top + float(1 + below(below(4) ? 30 : height));
    quad.colour = 0xff000000 | random() % 3;
    quad.texture = 1 + random() % 2;
    quad.is_fill = below(5) == 0;
    if (below(3) == 0) quad.clip = {below(width), below(height), below(width) + 1, below(height) + 1};
    if (quad.clip.is_empty()) quad.clip = whole;
    quad.clip = intersection(quad.clip, whole);
    return quad;
}

bool is_within(int x, int y, const std::vector<PixelRect>& rects) {
    return std::any_of(rects.begin(), rects.end(), [&](const PixelRect& rect) {
        return x >= rect.left && x < rect.right && y >= rect.top && y < rect.bottom;
    });
}

} // namespace

TEST_CASE("each kind of change marks exactly the cells concerned", "[app]") {
    const Quad letter = {70, 40, 80, 50}, panel = {0, 100, 300, 200}; // in cell 1, 1; columns 0 … 4, rows 3 … 6
    const Scene scene = {panel, letter};
    CHECK(changed(scene, scene).empty());
    Quad other = letter;
    other.colour ^= 1;
    CHECK(changed(scene, {panel, other}) == Cells{{1, 1}});
    other = letter;
    other.texel = 0.5f;
    CHECK(changed(scene, {panel, other}) == Cells{{1, 1}});
    other = letter;
    other.texture |= 1ull << 32; // the same texture, uploaded again
    CHECK(changed(scene, {panel, other}) == Cells{{1, 1}});
    CHECK(changed(scene, {panel}) == Cells{{1, 1}});
    const Quad moved = {326, 40, 336, 50};
    CHECK(changed(scene, {panel, moved}) == Cells{{1, 1}, {5, 1}});
    // On a cell's border it belongs to one side only.
    CHECK(changed({}, {Quad{64, 32, 128, 64}}) == Cells{{1, 1}});
    CHECK(changed({}, {Quad{63.5f, 31.5f, 128.5f, 64}}) == Cells{{0, 0}, {1, 0}, {2, 0}, {0, 1}, {1, 1}, {2, 1}});
    // Two that lie on each other change places; where only one is, nothing changes.
    const Quad wide = {0, 0, 200, 20}, narrow = {0, 0, 100, 20, 0xff000001};
    CHECK(changed({wide, narrow}, {narrow, wide}) == Cells{{0, 0}, {1, 0}});
}

TEST_CASE("a clip rectangle changes the cells it cuts", "[app]") {
    Quad before = {0, 0, 640, 20}, after = before;
    before.clip = {0, 0, 320, 320};
    after.clip = {0, 0, 400, 320};
    CHECK(changed({before}, {after}) == Cells{{5, 0}, {6, 0}});
    CHECK(changed({after}, {before}) == Cells{{5, 0}, {6, 0}});
    after.clip = {0, 0, 310, 320};
    CHECK(changed({before}, {after}) == Cells{{4, 0}});
}

TEST_CASE("fills are compared by what they fill, and hide what lies beneath", "[app]") {
    Quad fill = {0, 0, 320, 160};
    fill.is_fill = true;
    Quad other = fill;
    other.colour = 7;
    CHECK(changed({fill}, {fill}).empty());
    CHECK(changed({fill}, {other}).size() == 25);
    other = fill;
    other.right = 310;
    CHECK(changed({fill}, {other}) == Cells{{4, 0}, {4, 1}, {4, 2}, {4, 3}, {4, 4}});
    const Quad beneath = {200, 100, 400, 120};
    CHECK(changed({beneath, fill}, {fill}) == Cells{{5, 3}, {6, 3}}); // seen beside it only
}

TEST_CASE("what cannot be compared is drawn whole", "[app]") {
    const Scene scene = {{70, 40, 80, 50}};
    Damage damage;
    update(damage, scene);
    CHECK(update(damage, scene).empty());
    damage.forget();
    CHECK(update(damage, scene) == std::vector{whole});
    CHECK(update(damage, scene, {320, 320}) == std::vector{PixelRect{0, 0, 320, 320}});
    CHECK(update(damage, scene) == std::vector{whole});
    const ImDrawCallback unknown = [](const ImDrawList*, const ImDrawCmd*) {};
    for (int frame = 0; frame < 2; ++frame)
        CHECK(update(damage, scene, {width, height}, unknown) == std::vector{whole});
    CHECK(update(damage, scene) == std::vector{whole});
    CHECK(update(damage, scene).empty());
}

TEST_CASE("no changed pixel is ever missed, and rectangles stay few", "[app]") {
    std::mt19937 random(7);
    Damage damage;
    Scene scene;
    for (int index = 0; index < 12; ++index) scene.push_back(random_quad(random));
    std::vector<std::uint64_t> before = paint(scene);
    update(damage, scene);
    std::int64_t missed = 0, partial = 0;
    for (int round = 0; round < 200; ++round) {
        for (unsigned edits = 1 + random() % 3 + (round % 20 == 0 ? 60 : 0); edits > 0; --edits) {
            const std::size_t at = random() % (scene.size() + 1);
            if (at == scene.size()) {
                if (scene.size() < 80) scene.push_back(random_quad(random));
            } else if (random() % 2 && scene.size() > 4) {
                scene.erase(scene.begin() + std::ptrdiff_t(at));
            } else {
                scene[at] = random_quad(random);
            }
        }
        const std::vector<std::uint64_t> after = paint(scene);
        const std::vector<PixelRect> rects = update(damage, scene);
        CHECK(rects.size() <= Damage::rectangles_max);
        for (const PixelRect& rect : rects) CHECK(intersection(rect, whole) == rect);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const std::size_t pixel = std::size_t(y * width + x);
                missed += before[pixel] != after[pixel] && !is_within(x, y, rects);
            }
        partial += cells_of(rects).size() < 100;
        before = after;
    }
    CHECK(missed == 0);
    CHECK(partial > 100);
}

TEST_CASE("pictures after partial redraws are those of whole ones", "[app][slow]") {
    StageFixture fixture;
    auto script = GuiScript::parse(R"(
        wait_idle
        hover config/rates/1
        drag config/rates/1 40 0
        hover pattern/matrix 40 40
        wheel pattern/matrix 2
        drag pattern/matrix 30 20
        click tab/timing
        click tab/heatmap
        key Ctrl+P
        wait_frames 4
        key Esc
        key Ctrl+T
        wait_frames 2
        key 2
        wait_frames 4
        key 3
        wait_frames 4
        key 1
        key Ctrl+=
        wait_frames 4
        hover status/frame
        wait_idle
    )",
                                   "script");
    REQUIRE(script.has_value());
    const std::int64_t all = 1600 * 1000;
    int frames = 0, partial = 0, untouched = 0;
    std::size_t different = 0;
    for (bool goes_on = true; goes_on; ++frames) {
        goes_on = script->step(*fixture.stage, fixture.surface->take_events(0));
        std::int64_t drawn = 0;
        for (const PixelRect& rect : fixture.surface->drawn()) drawn += rect.area();
        partial += drawn > 0 && drawn < all / 2;
        untouched += drawn == 0;
        const Picture before = fixture.picture();
        fixture.surface->draw_again();
        const Picture after = fixture.picture();
        for (std::size_t pixel = 0; pixel < after.rgba.size(); ++pixel)
            different += before.rgba[pixel] != after.rgba[pixel];
        INFO("frame " << frames);
        REQUIRE(different == 0);
    }
    CHECK(script->error() == "");
    CHECK(fixture.surface->take_gl_error() == 0);
    CHECK(partial > frames / 10);
    CHECK(untouched > 0);
    INFO(frames << " frames, " << partial << " partly drawn, " << untouched << " not at all");
}

TEST_CASE("a new size is drawn whole", "[app]") {
    StageFixture fixture(small_workbench(), 640, 480);
    fixture.step(3);
    fixture.surface->resize(800, 600);
    fixture.step();
    CHECK(fixture.surface->drawn() == std::vector{PixelRect{0, 0, 800, 600}});
}
