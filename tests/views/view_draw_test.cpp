#include "tests/catch.h"
#include "tests/views/headless.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/some_workspace.h"
#include "views/config_view.h"
#include "views/heatmap_view.h"
#include "views/inspector_view.h"
#include "views/pattern_view.h"
#include <chrono>

using namespace dilascope;

namespace {

std::shared_ptr<LiveResult> live_of(const Workspace& workspace, std::int64_t pixels) {
    auto live = std::make_shared<LiveResult>();
    live->config = workspace.config;
    live->backend = "cpu";
    live->kernel = "cpu/tiled f32";
    live->verdict = "ok";
    live->times_ms = {1, 2, 3};
    live->time_ms_median = 2;
    live->gflop_per_s = 100;
    auto heatmap = std::make_shared<Heatmap>();
    heatmap->request = {workspace.selection.head, whole_matrix(workspace.problem), pixels, pixels};
    for (std::int64_t pixel = 0; pixel < pixels * pixels; ++pixel) heatmap->weights.push_back(float(pixel % 7) / 7);
    live->heatmap = heatmap;
    return live;
}

std::shared_ptr<const std::vector<Run>> runs_of(int count) {
    auto runs = std::make_shared<std::vector<Run>>();
    for (int index = 0; index < count; ++index) {
        Run run;
        run.id = std::to_string(1000 + index);
        run.config.pattern = index % 2 ? "dense" : "longnet segments=256 rates=1";
        run.config.seq_len = 256 << index % 5;
        run.status = index % 5 == 4 ? RunStatus::failed : RunStatus::done;
        run.verdict = run.status == RunStatus::done ? "ok" : "wrong: row 0";
        run.time_ms_median = 1.5 * (index + 1);
        run.sample_count = 9;
        runs->push_back(run);
    }
    return runs;
}

enum class Data { none, little, much, error };
void fill(Workspace& workspace, Data data) {
    if (data == Data::none) return;
    if (data == Data::little) {
        Case config;
        config.seq_len = 1;
        config.heads = 1;
        workspace.set_config(config);
        workspace.live = live_of(workspace, 1);
        workspace.runs = runs_of(1);
    } else if (data == Data::much) {
        workspace.set_config(longnet(1 << 20, true));
        workspace.tensors_label = "gaussian, seed 1234, with a label that is longer than any panel is wide, really";
        workspace.live = live_of(workspace, 64);
        workspace.runs = runs_of(3000);
        workspace.store_status = "/tmp/runs.db";
    } else {
        Case config = longnet(4096, false);
        config.pattern = "longnet segments=8 rates=9";
        workspace.set_config(config);
        auto live = std::make_shared<LiveResult>();
        live->config = workspace.config;
        live->error = "rates has 9; expected 1 … 8, the segment length; lower the rate";
        workspace.live = live;
    }
}

} // namespace

TEST_CASE("every view draws with no, little, much and broken data, at any size and scale", "[views]") {
    const Data data = GENERATE(Data::none, Data::little, Data::much, Data::error);
    const auto [width, height, scale] =
        GENERATE(table<float, float, float>({{900, 700, 1}, {340, 700, 2}, {700, 200, 1.25f}, {60, 40, 1}}));
    Headless ui(width, height, scale);
    for (const ThemeMode mode : {ThemeMode::dark, ThemeMode::light}) {
        use_theme(mode);
        Workspace workspace;
        fill(workspace, data);
        CHECK(workspace.config_error.empty() == (data != Data::error));
        for (const std::unique_ptr<View>& view : make_views()) {
            INFO(view->name() << " at " << width << " × " << height);
            int vertices = ui.frame(*view, workspace);
            ui.move({width / 2, height / 2});
            vertices = std::max(vertices, ui.frame(*view, workspace));
            workspace.camera.fitted = false;
            workspace.camera.span = 20;
            vertices = std::max(vertices, ui.frame(*view, workspace));
            workspace.camera = MatrixCamera{};
            workspace.live_enabled = !workspace.live_enabled;
            ui.frame(*view, workspace);
            if (width > 100) CHECK(vertices > 100);
            ui.move({-1, -1});
        }
    }
    use_theme(ThemeMode::dark);
}

TEST_CASE("every figure has its title, configuration and hash, and leaves no clip behind", "[views]") {
    for (const Data data : {Data::none, Data::little, Data::much, Data::error}) {
        Workspace workspace;
        fill(workspace, data);
        for (const std::unique_ptr<View>& view : make_views()) {
            if (view->name() != std::string_view("pattern") && view->name() != std::string_view("heatmap")) continue;
            for (const Rect figure : {Rect{0, 0, 800, 560}, {0, 0, 300, 200}}) {
                RecordingCanvas canvas;
                REQUIRE(view->draw_figure(workspace, canvas, figure));
                CHECK(canvas.clip_depth == 0);
                CHECK(canvas.has_text(case_hash(workspace.config)));
                CHECK(canvas.has_text(case_text(workspace.config)));
                CHECK(canvas.has_text("key, tokens"));
                CHECK(canvas.has_text("query, tokens"));
                if (view->name() == std::string_view("pattern")) CHECK(canvas.images >= 1);
            }
        }
    }
}

TEST_CASE("the pattern view: hover selects, click picks, wheel zooms, double-click fits", "[views]") {
    Headless ui;
    Workspace workspace;
    workspace.set_config(longnet(65536, false));
    PatternView view;
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    const Rect matrix = ui.rect_of("pattern/matrix");
    CHECK(matrix.width == Approx(matrix.height).margin(1));
    const Point quarter{matrix.x + matrix.width / 4, matrix.y + matrix.height / 2};
    ui.move(quarter);
    ui.frame(view, workspace);
    CHECK(workspace.selection.hovered);
    CHECK(double(workspace.selection.q) == Approx(32768).margin(200));
    CHECK(double(workspace.selection.k) == Approx(16384).margin(200));
    ui.press(view, workspace);
    ui.release(view, workspace);
    CHECK(workspace.selection.picked_q == workspace.selection.q);
    ui.move({1, 1});
    ui.frame(view, workspace);
    CHECK_FALSE(workspace.selection.hovered);
    CHECK(double(workspace.selection.q) == Approx(32768).margin(200)); // rests on the picked cell
    ui.move(quarter);
    ui.frame(view, workspace);
    for (int wait = 0; wait < 30; ++wait) ui.frame(view, workspace); // no double-click with the click before
    const std::int64_t before = workspace.selection.k;
    ImGui::GetIO().MouseWheel = 5;
    ui.frame(view, workspace);
    CHECK_FALSE(workspace.camera.fitted);
    ui.frame(view, workspace);
    CHECK(std::abs(workspace.selection.k - before) <= 100);
    const double centre = workspace.camera.k_centre;
    ui.drag(view, workspace, "pattern/matrix", {-40, 0});
    CHECK(workspace.camera.k_centre > centre);
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    for (int wait = 0; wait < 30; ++wait) ui.frame(view, workspace);
    for (int click = 0; click < 2; ++click) ui.press(view, workspace), ui.release(view, workspace);
    CHECK(workspace.camera.fitted);
}

static Case slow_to_count() {
    Case config;
    config.pattern = "random block=16 density=0.1 seed=1 per_head=true";
    config.seq_len = 1 << 17;
    return config;
}

TEST_CASE("a pattern that takes long to count keeps the last picture until its own is there", "[views]") {
    Headless ui(1000, 800);
    Workspace workspace;
    workspace.set_config(slow_to_count());
    CHECK_FALSE(counts_at_once(workspace.pattern));
    CHECK_FALSE(counts_at_once(*parse_pattern("dense order=hilbert use=sequence")));
    CHECK(counts_at_once(*parse_pattern("dense order=hilbert use=layout")));
    CHECK(counts_at_once(*parse_pattern("local + hierarchical block=64")));
    PatternView view;
    ui.frame(view, workspace);
    CHECK(view.shown_tokens() == 0); // drawn by the job alone, which takes several hundred milliseconds
    ui.settle(view, workspace, 5000);
    CHECK(view.shown_tokens() == slow_to_count().seq_len);
}

TEST_CASE("the first frame of a pattern that takes long to count does not wait for it", "[views][slow]") {
    Headless ui(1000, 800);
    Workspace workspace;
    workspace.set_config(slow_to_count());
    PatternView view;
    const auto begin = std::chrono::steady_clock::now();
    ui.frame(view, workspace);
    const double first_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    CHECK(view.shown_tokens() == 0);
    CHECK(first_ms < 60); // the job takes several hundred
}

TEST_CASE("the pattern view: heads, one branch alone, right-click copies the exact value", "[views]") {
    Headless ui;
    Workspace workspace;
    workspace.set_config(longnet(65536, true));
    PatternView view;
    ui.settle(view, workspace);
    ui.click(view, workspace, "pattern/next_head");
    CHECK(workspace.selection.head == 1);
    ui.click(view, workspace, "pattern/branch/1");
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    ui.move(ui.centre_of("pattern/matrix"));
    ui.frame(view, workspace);
    ui.press(view, workspace, 1);
    ui.release(view, workspace, 1);
    ui.frame(view, workspace);
    ui.click(view, workspace, "pattern/menu/copy_value");
    CHECK(ui.clipboard.find("head 1 q ") == 0);
    CHECK(ui.clipboard.find("multiplicity") != std::string::npos);
}

TEST_CASE("a new configuration shows in the same frame, coarse at worst", "[views]") {
    Headless ui;
    Workspace workspace;
    workspace.set_config(longnet(1 << 20, true));
    PatternView view;
    ui.settle(view, workspace);
    for (std::int64_t tokens = 1 << 19; tokens > 1000; tokens /= 2) {
        workspace.set_config(longnet(tokens, tokens % 3 == 0));
        ui.frame(view, workspace);
        CHECK(view.shown_tokens() == tokens);
    }
    ui.settle(view, workspace);
    CHECK(view.is_complete());
}

TEST_CASE("the config form changes the workspace in the frame of the edit", "[views]") {
    Headless ui(340, 900);
    Workspace workspace;
    Case config;
    config.pattern = "longnet segments=256,512 rates=1,2";
    config.seq_len = 4096;
    workspace.set_config(config);
    ConfigView view;
    ui.frame(view, workspace);
    for (const char* id : {"config/preset", "config/segments/0", "config/rates/1", "config/seq_len", "config/heads",
                           "config/head_dim", "config/causal", "config/backend", "config/text", "config/run",
                           "config/live", "config/add_branch", "config/pattern/mix"}) {
        INFO(id);
        CHECK(Headless::has(id));
    }
    ui.drag(view, workspace, "config/rates/1", {16, 0});
    CHECK(workspace.config.pattern == "longnet segments=256,512 rates=1,4");
    REQUIRE(workspace.undo()); // the whole drag
    CHECK(workspace.config.pattern == "longnet segments=256,512 rates=1,2");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/causal");
    CHECK(workspace.problem.causal);
    ui.drag(view, workspace, "config/segments/1", {10, 0}); // too short for a step
    ui.click(view, workspace, "config/add_branch");
    CHECK(workspace.config.pattern == "longnet segments=256,512,1024 rates=1,2,4");
    ui.click(view, workspace, "config/remove/0");
    CHECK(workspace.config.pattern == "longnet segments=512,1024 rates=2,4");
    ui.click(view, workspace, "config/seq_len");
    ui.type(view, workspace, "16k");
    ui.enter(view, workspace);
    CHECK(workspace.config.seq_len == 16384);
    ui.click(view, workspace, "config/preset");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/preset/seed");
    CHECK(workspace.config.pattern == "seed segments=512,1024 rates=2,4"); // the branches stay
    ui.click(view, workspace, "config/run");
    CHECK(workspace.run_requested);
}

TEST_CASE("the text form can be pasted, a wrong one says why and can be undone", "[views]") {
    Headless ui(340, 1100);
    Workspace workspace;
    ConfigView view;
    ui.frame(view, workspace);
    ui.clipboard = "window left=32 right=8";
    ui.click(view, workspace, "config/paste");
    CHECK(workspace.config.pattern == "window left=32 right=8");
    ui.frame(view, workspace);
    CHECK(Headless::has("config/pattern/left"));
    ui.click(view, workspace, "config/copy");
    CHECK(ui.clipboard == "window left=32 right=8");
    ui.clipboard = "windw left=3";
    ui.click(view, workspace, "config/paste");
    ui.frame(view, workspace);
    CHECK_FALSE(workspace.config_error.empty());
    REQUIRE(Headless::has("config/error"));
    ui.click(view, workspace, "config/undo");
    CHECK(workspace.config_error.empty());
    CHECK(workspace.config.pattern == "window left=32 right=8");
}

TEST_CASE("the heatmap asks for what it shows and keeps the last picture while a newer one is made", "[views]") {
    Headless ui;
    Workspace workspace;
    workspace.set_config(longnet(512, true));
    HeatmapView view;
    ui.frame(view, workspace);
    CHECK(workspace.heatmap.rows == 512);
    CHECK(workspace.heatmap.region == whole_matrix(workspace.problem));
    CHECK_FALSE(view.is_complete());
    auto live = live_of(workspace, 512);
    workspace.live = live;
    ui.frame(view, workspace);
    CHECK(view.is_complete());
    Case other = workspace.config;
    other.causal = false;
    workspace.set_config(other);
    workspace.live_pending_s = 1;
    ui.frame(view, workspace);
    CHECK_FALSE(view.is_complete());
    CHECK(Headless::has("heatmap/range/low")); // the old picture and its range are still there
    ui.drag(view, workspace, "heatmap/range/high", {-30, 0});
    ui.click(view, workspace, "heatmap/log");
    ui.click(view, workspace, "heatmap/overlay");
    ui.frame(view, workspace);
    CHECK(Headless::has("heatmap/overlay_opacity"));
}
