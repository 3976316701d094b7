#include "tests/catch.h"
#include "tests/views/headless.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/sample_runs.h"
#include "views/runs_view.h"
#include "views/timing_view.h"

#include <chrono>
#include <thread>

using namespace dilascope;

namespace {

// Background pictures are asked for every frame; this waits for them.
template <class Done> bool settles(Headless& gui, View& view, Workspace& workspace, Done done) {
    for (int attempt = 0; attempt < 400; ++attempt) {
        gui.frame(view, workspace);
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
}

// Two clicks in a test are never a double click.
void click(Headless& gui, View& view, Workspace& workspace, const char* id, int button = 0) {
    gui.frame(view, workspace);
    gui.move(gui.centre_of(id));
    gui.frame(view, workspace);
    gui.press(view, workspace, button);
    gui.release(view, workspace, button);
    for (int wait = 0; wait < 30; ++wait) gui.frame(view, workspace);
}

std::shared_ptr<const LiveResult> live(std::uint64_t generation, double time_ms) {
    auto result = std::make_shared<LiveResult>();
    result->generation = generation;
    result->time_ms_median = time_ms;
    result->times_ms = {time_ms};
    return result;
}

} // namespace

TEST_CASE("runs view: without a store, without runs, with few and with many", "[views]") {
    Headless gui;
    RunsView view;
    Workspace workspace;
    CHECK(gui.frame(view, workspace) > 0);
    gui.frame(view, workspace);
    CHECK(Headless::has("runs/open"));
    click(gui, view, workspace, "runs/open");
    CHECK(workspace.commands == std::vector<std::string>{"file/open"});

    workspace.runs = std::make_shared<Runs>();
    gui.frame(view, workspace);
    click(gui, view, workspace, "runs/start");
    CHECK(workspace.run_requested);

    workspace.runs = sample_runs(3);
    CHECK(settles(gui, view, workspace, [] { return Headless::has("runs/row/2"); }));
    workspace.runs = sample_runs(20000);
    CHECK(settles(gui, view, workspace, [] { return Headless::has("runs/row/15"); }));
    CHECK(!Headless::has("runs/row/200")); // only what is on the screen
}

TEST_CASE("runs view: clicks select, with Ctrl one more, with Shift a range", "[views]") {
    Headless gui;
    RunsView view;
    Workspace workspace;
    workspace.runs = sample_runs(12);
    REQUIRE(settles(gui, view, workspace, [] { return Headless::has("runs/row/5"); }));
    const auto& selected = workspace.selection.run_ids;
    const auto id = [&](std::size_t row) {
        return workspace.runs->at(row).id;
    }; // newest first, as the store gives them
    click(gui, view, workspace, "runs/row/1");
    CHECK(selected == std::set<std::string>{id(1)});
    set_modifiers(true, false);
    click(gui, view, workspace, "runs/row/3");
    CHECK(selected == std::set<std::string>{id(1), id(3)});
    click(gui, view, workspace, "runs/row/1");
    CHECK(selected == std::set<std::string>{id(3)});
    set_modifiers(false, false);
    click(gui, view, workspace, "runs/row/2");
    set_modifiers(false, true);
    click(gui, view, workspace, "runs/row/5");
    CHECK(selected == std::set<std::string>{id(2), id(3), id(4), id(5)});
    set_modifiers(false, false);
    click(gui, view, workspace, "runs/deselect");
    CHECK(selected.empty());
}

TEST_CASE("runs view: a click on a header sorts", "[views]") {
    Headless gui(1600, 600);
    RunsView view;
    Workspace workspace;
    workspace.runs = sample_runs(12);
    REQUIRE(settles(gui, view, workspace, [] { return Headless::has("runs/header/time_ms_median"); }));
    click(gui, view, workspace, "runs/header/time_ms_median"); // the slowest first
    std::string slowest;
    double time_ms = 0;
    for (const Run& run : *workspace.runs)
        if (run.time_ms_median > time_ms) time_ms = run.time_ms_median, slowest = run.id;
    REQUIRE(settles(gui, view, workspace, [] { return Headless::has("runs/row/0"); }));
    click(gui, view, workspace, "runs/row/0");
    CHECK(workspace.selection.run_ids == std::set<std::string>{slowest});
}

TEST_CASE("runs view: right click offers to use the configuration", "[views]") {
    Headless gui;
    RunsView view;
    Workspace workspace;
    workspace.runs = sample_runs(4);
    REQUIRE(settles(gui, view, workspace, [] { return Headless::has("runs/row/2"); }));
    const int before = gui.frame(view, workspace);
    click(gui, view, workspace, "runs/row/2", 1);
    CHECK(gui.frame(view, workspace) > before + 100); // the menu is open
}

TEST_CASE("timing view: nothing, live only, runs, a selection that was never timed", "[views]") {
    Headless gui;
    TimingView view;
    Workspace workspace;
    gui.frame(view, workspace);
    gui.frame(view, workspace);
    click(gui, view, workspace, "timing/start");
    CHECK(workspace.run_requested);
    workspace.live = live(1, 3.1);
    gui.frame(view, workspace);
    CHECK(Headless::has("timing/plot"));
    workspace.runs = sample_runs(16);
    CHECK(settles(gui, view, workspace, [] { return Headless::has("timing/plot"); }));
    workspace.live = nullptr;
    TimingView fresh;
    workspace.selection.run_ids = {"no such run"};
    CHECK(settles(gui, fresh, workspace, [] { return Headless::has("timing/deselect"); }));
    click(gui, fresh, workspace, "timing/deselect");
    CHECK(workspace.selection.run_ids.empty());
    CHECK(settles(gui, fresh, workspace, [] { return Headless::has("timing/plot"); }));
}

TEST_CASE("timing view: a new live timing changes the picture, a wheel notch zooms it", "[views]") {
    Headless gui;
    TimingView view;
    Workspace workspace;
    workspace.live = live(1, 3.1);
    gui.settle(view, workspace);
    const int one = gui.frame(view, workspace);
    CHECK(gui.frame(view, workspace) == one); // the same result is not counted twice
    workspace.live = live(2, 1.7);
    CHECK(gui.frame(view, workspace) > one); // trail and another bar
    workspace.runs = sample_runs(4000);
    REQUIRE(settles(gui, view, workspace, [] { return Headless::has("timing/plot"); }));
    const Point middle = gui.centre_of("timing/plot");
    ImGui::GetIO().MousePos = {middle.x, middle.y};
    gui.frame(view, workspace);
    ImGui::GetIO().MouseWheel = 5;
    CHECK(gui.frame(view, workspace) > 0);
}

TEST_CASE("timing view: the figure names axes, curves and configuration", "[views]") {
    TimingView view;
    Workspace workspace;
    workspace.runs = sample_runs(16);
    workspace.live = live(1, 3.1);
    RecordingCanvas canvas;
    REQUIRE(view.draw_figure(workspace, canvas, {0, 0, 960, 540}));
    for (const char* text :
         {"Timing", "seq_len, tokens", "median time with 95 % interval, ms", "dense", "live 3.100 ms"}) {
        INFO(text);
        CHECK(canvas.has_text(text));
    }
    CHECK(canvas.has_text(case_hash(workspace.config)));
    CHECK(canvas.clip_depth == 0);
}

TEST_CASE("views draw at twice the scale and in a tiny panel", "[views]") {
    Workspace workspace;
    workspace.runs = sample_runs(16);
    workspace.live = live(1, 3.1);
    for (const auto& [size, scale] :
         {std::pair{Point{1280, 720}, 2.f}, std::pair{Point{120, 60}, 1.f}, std::pair{Point{300, 150}, 1.5f}}) {
        Headless gui(size.x, size.y, scale);
        TimingView timing;
        RunsView runs;
        for (int frame = 0; frame < 3; ++frame) {
            CHECK(gui.frame(timing, workspace) >= 0);
            CHECK(gui.frame(runs, workspace) >= 0);
        }
    }
}
