#include "tests/catch.h"
#include "tests/views/headless.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/some_workspace.h"
#include "views/hilbert_view.h"

using namespace dilascope;

TEST_CASE("the lab: choose a curve and a grid, apply them to the pattern", "[views]") {
    Headless ui(1400, 800);
    Workspace workspace = workspace_with("window left=8 right=8", 3072);
    HilbertView view;
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    CHECK(Headless::has("hilbert/metric/0"));
    ui.click(view, workspace, "hilbert/grid");
    ui.type(view, workspace, "64x40"); // holds 2560
    ui.enter(view, workspace);
    ui.frame(view, workspace);
    CHECK(Headless::has("hilbert/error"));
    ui.click(view, workspace, "hilbert/grid");
    ui.type(view, workspace, "64x48");
    ui.enter(view, workspace);
    ui.frame(view, workspace);
    CHECK_FALSE(Headless::has("hilbert/error"));
    ui.click(view, workspace, "hilbert/use");
    ui.frame(view, workspace);
    ui.click(view, workspace, "hilbert/use/schedule");
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    CHECK(workspace.config.pattern == "window left=8 right=8"); // until it is applied
    ui.click(view, workspace, "hilbert/apply");
    CHECK(workspace.config.pattern == "window left=8 right=8 order=hilbert grid=64x48 use=schedule");
    REQUIRE(workspace.undo());
    CHECK(workspace.config.pattern == "window left=8 right=8");
}

TEST_CASE("the lab takes over the order of a pattern that has one, and picks keys on the grid", "[views]") {
    Headless ui(1200, 700);
    Workspace workspace = workspace_with("dense order=morton grid=16x16 use=layout", 256);
    HilbertView view;
    ui.settle(view, workspace);
    const Rect grid = ui.rect_of("hilbert/grid_picture");
    CHECK(grid.width == Approx(grid.height).margin(1));
    const float side = grid.width / 16;
    ui.move({grid.x + 2.5f * side, grid.y + 3.5f * side});
    ui.frame(view, workspace);
    ui.press(view, workspace);
    ui.release(view, workspace);
    CHECK(workspace.selection.picked_k == 3 * 16 + 2);
    RecordingCanvas canvas;
    REQUIRE(view.draw_figure(workspace, canvas, {0, 0, 1200, 700}));
    CHECK(canvas.has_text("16 × 16 cells"));
    CHECK(canvas.has_text("morton"));
    CHECK(canvas.has_text(case_hash(workspace.config)));
    CHECK(canvas.images == 2);
    CHECK(canvas.clip_depth == 0);
}

TEST_CASE("nothing moves until the user plays the walk", "[views]") {
    Headless ui(1200, 700);
    Workspace workspace = workspace_with("dense", 256);
    HilbertView view;
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    const auto segments = [&] {
        RecordingCanvas canvas;
        Workspace copy = workspace;
        ImGui::NewFrame();
        clear_marked_items();
        ImGui::SetNextWindowSize({1200, 700});
        ImGui::Begin("record");
        view.draw(copy, canvas);
        ImGui::End();
        ImGui::Render();
        return canvas.polylines;
    };
    const auto still = segments();
    for (int wait = 0; wait < 5; ++wait) ui.frame(view, workspace);
    const auto same = [](const std::vector<std::vector<Point>>& a, const std::vector<std::vector<Point>>& b) {
        if (a.size() != b.size()) return false;
        for (std::size_t index = 0; index < a.size(); ++index)
            if (a[index].size() != b[index].size()) return false;
        return true;
    };
    CHECK(same(still, segments()));
    ui.click(view, workspace, "hilbert/play");
    for (int wait = 0; wait < 30; ++wait) ui.frame(view, workspace);
    CHECK_FALSE(view.is_complete()); // frames follow
    ui.click(view, workspace, "hilbert/play");
    CHECK(view.is_complete());
    const auto paused = segments();
    CHECK_FALSE(same(still, paused));
    CHECK(same(paused, segments()));
}
