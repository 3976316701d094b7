// Every view drawn without a display: with no data, little, much and an error; small and large, dark and light.
#include "experiments/store.h"
#include "experiments/ulid.h"
#include "tests/app/stage_fixture.h"
#include "tests/scratch_folder.h"
#include <fmt/format.h>
#include <fstream>
#include <imgui.h>

using namespace dilascope;

namespace {

struct Screen {
    int width, height;
    float scale;
};
constexpr Screen screens[] = {{1280, 800, 1}, {1600, 1000, 1}, {2560, 1440, 2}};

enum class Data { none, little, much, error };
const char* name_of(Data data) {
    return data == Data::none ? "none" : data == Data::little ? "little" : data == Data::much ? "much" : "error";
}

std::filesystem::path store_of_runs(const ScratchFolder& folder, int count) {
    const auto path = folder / "runs.sqlite";
    auto store = RunStore::open(path);
    REQUIRE(store.has_value());
    for (int index = 0; index < count; ++index) {
        Run run;
        run.id = fmt::format("01EXAMPLE{:017}", index);
        run.experiment = index % 2 ? "sweep of lengths with a long name" : "sweep";
        run.case_hash = std::to_string(index);
        run.config.pattern = index % 3 ? "longnet segments=2048,4096,8192,16384 rates=1,2,4,8" : "dense";
        run.config.seq_len = 1024 * (1 + index % 16);
        run.status = index % 7 == 6 ? RunStatus::failed : RunStatus::done;
        run.verdict = index % 7 == 6 ? "wrong: out is off by 0.5 at row 3" : "ok";
        run.time_ms_median = 0.37 * (1 + index % 16);
        run.time_ms_ci_low = run.time_ms_median * 0.9;
        run.time_ms_ci_high = run.time_ms_median * 1.1;
        REQUIRE(store->claim(run, false).value());
        REQUIRE(store->finish(run, std::vector<double>{run.time_ms_median}).has_value());
    }
    return path;
}

WorkbenchOptions options_for(Data data, const ScratchFolder& folder) {
    WorkbenchOptions options = small_workbench();
    if (data == Data::little) options.db = store_of_runs(folder, 2);
    if (data == Data::much) {
        options.pattern = "longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12";
        options.seq_len = 1 << 20;
        options.heads = 12;
        options.causal = true;
        options.db = store_of_runs(folder, 60);
    }
    if (data == Data::error) {
        options.pattern = "longnt segments=4 rates=9";
        options.db = folder / "broken.sqlite";
        std::ofstream(options.db) << "this is no database";
    }
    return options;
}

// The view alone in the window, drawn until nothing more is computed.
void draw_alone(StageFixture& fixture, const std::string& view, Data data) {
    Workbench& bench = fixture.workbench();
    bench.layout() = leaf({view});
    bench.shows_bars = false;
    bench.workspace.live_enabled = data == Data::little || data == Data::error;
    REQUIRE(fixture.stage->settle(60));
}

void check_picture(StageFixture& fixture, const std::string& view, Data data) {
    CHECK(fixture.surface->take_gl_error() == 0);
    const Picture picture = fixture.picture();
    const std::size_t drawn = std::size_t(std::count_if(picture.rgba.begin(), picture.rgba.end(),
                                                        [&](std::uint32_t pixel) { return pixel != picture.rgba[0]; }));
    // Text alone touches a thousandth of the pixels.
    CHECK(drawn > picture.rgba.size() / 1000);
    CHECK(colour_count(picture) > 8);
    const auto place = find_item("view/" + view);
    REQUIRE(place.has_value());
    CHECK(place->width > 0.95f * float(picture.width));
    int items = 0;
    for (const MarkedItem& item : marked_items()) {
        if (!item.id.starts_with(view + "/")) continue;
        ++items;
        if (view == "runs") continue; // its table scrolls sideways
        // Nothing is cut off at the sides; below, a panel may scroll.
        INFO(item.id << " " << item.rect.x << " … " << item.rect.right());
        CHECK(item.rect.x >= place->x - 1);
        CHECK(item.rect.right() <= place->right() + 1);
    }
    if (data == Data::little) CHECK(items > 0);
}

void draw_and_check(const Screen& screen, ThemeMode mode, Data data) {
    const ScratchFolder folder;
    WorkbenchOptions options = options_for(data, folder);
    options.theme = mode;
    options.scale = screen.scale;
    StageFixture fixture(options, screen.width, screen.height);
    for (const auto& view : fixture.workbench().views) {
        INFO(view->name() << " at " << screen.width << "x" << screen.height << ", " << name_of(data) << ", "
                          << (mode == ThemeMode::dark ? "dark" : "light"));
        draw_alone(fixture, view->name(), data);
        check_picture(fixture, view->name(), data);
    }
}

} // namespace

TEST_CASE("every view draws little data, dark and light", "[app][slow]") {
    draw_and_check(screens[0], ThemeMode::dark, Data::little);
    draw_and_check(screens[1], ThemeMode::light, Data::little);
}

TEST_CASE("every view draws at every size, with no data, little, much and an error", "[app][slow]") {
    for (const Screen& screen : screens)
        for (const ThemeMode mode : {ThemeMode::dark, ThemeMode::light})
            for (const Data data : {Data::none, Data::little, Data::much, Data::error})
                draw_and_check(screen, mode, data);
}

TEST_CASE("the whole window holds its parts at every size", "[app][slow]") {
    for (const Screen& screen : screens) {
        WorkbenchOptions options = small_workbench();
        options.scale = screen.scale;
        StageFixture fixture(options, screen.width, screen.height);
        REQUIRE(fixture.stage->settle(60));
        INFO(screen.width << "x" << screen.height);
        for (const char* id : {"menu", "layout/design", "layout/compare", "backend", "scale", "theme", "view/config",
                               "view/pattern", "view/inspector", "status/job", "status/live", "status/frame"}) {
            INFO(id);
            const auto rect = find_item(id);
            REQUIRE(rect.has_value());
            CHECK(rect->x >= 0);
            CHECK(rect->right() <= float(screen.width) + 1);
            CHECK(rect->bottom() <= float(screen.height) + 1);
        }
        // The bar's parts stand side by side.
        const char* bar[] = {"menu", "layout/design", "layout/measure", "layout/compare", "backend", "scale", "theme"};
        for (std::size_t index = 1; index < std::size(bar); ++index)
            CHECK(find_item(bar[index - 1])->right() <= find_item(bar[index])->x + 0.5f);
    }
}

TEST_CASE("a blank picture and a raised GL error would be seen", "[app]") {
    StageFixture fixture(small_workbench(), 640, 480);
    fixture.step();
    CHECK(colour_count(Picture{2, 1, {7, 7}}) == 1);
    fixture.surface->resize(-1, 4); // no such size
    CHECK(fixture.surface->take_gl_error() != 0);
    CHECK(fixture.surface->take_gl_error() == 0);
}
