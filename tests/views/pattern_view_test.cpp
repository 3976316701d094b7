// The pattern view beside another pattern, and the branches' shares.
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/views/headless.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/some_workspace.h"
#include "views/number_format.h"
#include "views/pattern_view.h"

using namespace dilascope;

TEST_CASE("the pattern view: A is kept and flipped to, the difference and tiles are drawn", "[views]") {
    Headless ui(1000, 800);
    Workspace workspace;
    workspace.set_config(longnet(4096));
    PatternView view;
    ui.settle(view, workspace);
    CHECK_FALSE(Headless::has("pattern/compare/0"));
    ui.click(view, workspace, "pattern/set_a");
    const std::string kept = workspace.config.pattern;
    CHECK(workspace.compare_text == kept);
    Case next = workspace.config;
    next.pattern = "window left=64 right=64";
    workspace.set_config(next);
    ui.settle(view, workspace);
    REQUIRE(Headless::has("pattern/compare/2"));
    const auto legend = [&] {
        RecordingCanvas canvas;
        view.draw_figure(workspace, canvas, {0, 0, 900, 700});
        return canvas;
    };
    CHECK(legend().has_text("window"));
    workspace.flip_compared();
    CHECK(legend().has_text("2048 / 1")); // A's branches
    workspace.flip_compared();
    CHECK(legend().has_text("window"));
    ui.click(view, workspace, "pattern/compare/2");
    ui.settle(view, workspace);
    CHECK(legend().has_text("A only"));
    // 4 · 64 FLOP for each pair that either has alone
    const PatternDiff diff = *pattern_diff(*make_plan(*workspace.compare_pattern, workspace.problem),
                                           *make_plan(workspace.pattern, workspace.problem), 0);
    for (const auto& [sides, pairs] : {std::pair{"A \\ B: ", diff.only_a}, {"B \\ A: ", diff.only_b}}) {
        CHECK(legend().has_text(format_exact(pairs, "pairs")));
        CHECK(legend().has_text(sides + format_si(256.0 * double(pairs), "FLOP").joined()));
    }
    ui.click(view, workspace, "pattern/tiles");
    ui.frame(view, workspace);
    ui.click(view, workspace, "pattern/tiles/128");
    CHECK(workspace.tile_tokens == 128);
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    // A that cannot serve the present problem is not shown, and says why.
    workspace.compare_pattern = *parse_pattern("dense order=hilbert grid=8x8");
    next.seq_len = 2048;
    workspace.set_config(next);
    CHECK_FALSE(workspace.compare_error.empty());
    ui.settle(view, workspace);
    CHECK(legend().has_text("window"));
    ui.click(view, workspace, "pattern/forget_a");
    CHECK_FALSE(workspace.compare_pattern);
}

TEST_CASE("the pattern view: A and B on the sides of a divider that is dragged", "[views]") {
    Headless ui(1000, 800);
    Workspace workspace;
    workspace.set_config(longnet(4096));
    PatternView view;
    workspace.keep_as_a();
    Case next = workspace.config;
    next.pattern = "window left=64 right=64";
    workspace.set_config(next);
    ui.settle(view, workspace);
    CHECK_FALSE(Headless::has("pattern/divider"));
    ui.click(view, workspace, "pattern/compare/3");
    CHECK(workspace.compared == Compared::swipe);
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    const Rect matrix = ui.rect_of("pattern/matrix");
    const auto divider = [&] { return ui.centre_of("pattern/divider").x; };
    CHECK(divider() == Approx(matrix.x + matrix.width / 2).margin(1));
    ui.drag(view, workspace, "pattern/divider", {-100, 0});
    CHECK(divider() == Approx(matrix.x + matrix.width / 2 - 100).margin(1));
    CHECK(workspace.camera.fitted); // the matrix itself was not dragged
    ui.drag(view, workspace, "pattern/divider", {-2000, 0});
    CHECK(divider() == Approx(matrix.x).margin(1));
    RecordingCanvas figure;
    view.draw_figure(workspace, figure, {0, 0, 900, 700});
    CHECK(figure.images == 2);
    CHECK(figure.clip_depth == 0);
    CHECK(figure.has_text("2048 / 1")); // A's branches and B's
    CHECK(figure.has_text("window"));
    CHECK(figure.has_text("B"));
    ui.click(view, workspace, "pattern/forget_a");
    CHECK(workspace.compared == Compared::b);
    ui.frame(view, workspace);
    CHECK_FALSE(Headless::has("pattern/divider"));
}

TEST_CASE("the pattern view: mixing is offered where one softmax has several branches", "[views]") {
    Headless ui(1000, 800);
    Workspace workspace;
    Case config;
    config.pattern = "longnet segments=64,128 rates=1,2";
    config.seq_len = 256;
    workspace.set_config(config);
    PatternView view;
    ui.settle(view, workspace);
    ui.click(view, workspace, "pattern/colours/2");
    ui.settle(view, workspace);
    const auto figure = [&] {
        RecordingCanvas canvas;
        view.draw_figure(workspace, canvas, {0, 0, 900, 700});
        return canvas;
    };
    CHECK(figure().has_text("softmax mixing"));
    CHECK(figure().has_text("share of row"));
    CHECK(figure().images == 2); // matrix and shares
    // Of the tensors that are open, as soon as they count.
    workspace.tensors = std::make_shared<Qkv>(*generate_qkv(workspace.problem, 1));
    config = workspace.config;
    config.input = "some.safetensors";
    workspace.set_config(config);
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    const auto lines = figure().texts;
    CHECK(std::ranges::any_of(lines, [](const auto& line) { return line.text.starts_with("From the scores"); }));
    config.pattern = "seed segments=64,128 rates=1,2";
    workspace.set_config(config);
    ui.settle(view, workspace);
    CHECK_FALSE(Headless::has("pattern/colours/2"));
    CHECK(figure().has_text("branches"));
}
