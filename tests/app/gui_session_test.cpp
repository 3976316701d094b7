// Sessions of a person at the window, played offscreen.
#include "app/assets.h"
#include "app/ui_state.h"
#include "tests/app/stage_fixture.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <imgui.h>

using namespace dilascope;

TEST_CASE("dragging a dilation rate changes pattern, heatmap and timing of the real tensors", "[app][slow]") {
    WorkbenchOptions options;
    options.is_persistent = false;
    REQUIRE_FALSE(example_tensors().empty());
    StageFixture fixture(options);
    const std::string error = fixture.play(R"(
        wait_idle
        expect tensors minilm_layer3 · 12 × 512 × 32
        expect config.pattern longnet segments=64,128,256,512 rates=1,2,4,8
        expect live.error
        snapshot pattern view/pattern
        snapshot heatmap view/heatmap
        expect_same pattern
        drag config/rates/1 40 0
        hover status/frame
        wait_idle
        expect live.error
        expect_changed pattern
        expect_changed heatmap
        click tab/timing
        hover status/frame
        wait_idle
        expect_item view/timing
        snapshot timing view/timing
        drag config/rates/2 40 0
        hover status/frame
        wait_idle
        expect_changed timing
        key Ctrl+Z
        key Ctrl+Z
        wait_idle
        expect config.pattern longnet segments=64,128,256,512 rates=1,2,4,8
    )");
    CHECK(error == "");
    const auto values = ui_values(fixture.workbench());
    CHECK(values.at("live.pattern") == values.at("config.pattern"));
    CHECK(values.at("live.answered") == values.at("live.generation"));
    CHECK(fixture.workbench().workspace.live->verdict == "ok");
}

TEST_CASE("the next backend answers the same configuration", "[app][slow]") {
    StageFixture fixture;
    CHECK(fixture.play(R"(
        click backend
        wait_frames 2
        wait_idle
        expect_item backend/cpu
        expect_item backend/reference
        click backend/cpu
        wait_idle
        expect live.backend cpu
        key Ctrl+B
        wait_idle
        expect config.backend reference
        expect live.backend reference
        key Ctrl+B
        wait_idle
        expect config.backend cpu
        key Ctrl+Z
        expect config.backend reference
    )") == "");
}

TEST_CASE("keys, palette and overlays do what the command table says", "[app][slow]") {
    StageFixture fixture;
    CHECK(fixture.play(R"(
        key 2
        expect layout measure
        key 3
        expect layout compare
        key 1
        key Ctrl+T
        expect theme light
        key Ctrl+P
        wait_frames 3
        expect overlay palette
        type palette/query window left=7 right=0
        wait_frames 3
        expect overlay
        expect config.pattern window left=7 right=0
        key Ctrl+G
        wait_frames 3
        type go_to/cell 100 97
        hover status/frame
        expect selection.q 100
        expect selection.k 97
        key F1
        wait_frames 2
        expect overlay help
        key Esc
        wait_frames 2
        expect overlay
        key Ctrl+=
        expect scale 1.125
        key Ctrl+0
        wait_frames 2
        expect scale 1
        click theme
        expect theme dark
        click layout/measure
        expect layout measure
    )") == "");
}

TEST_CASE("a plain key belongs to the text field that is being edited", "[app][slow]") {
    StageFixture fixture;
    CHECK(fixture.play(R"(
        key Ctrl+P
        wait_frames 3
        key 2
        wait_frames 2
        expect layout design
        key Ctrl+T
        expect theme light
    )") == "");
}

TEST_CASE("an overlay keeps the mouse from what is beneath it", "[app][slow]") {
    StageFixture fixture;
    CHECK(fixture.play("key F1\nwait_frames 3\nexpect overlay help\nclick layout/compare\nwait_frames 2\n"
                       "expect overlay\nexpect layout design") == "");
}

TEST_CASE("a splitter resizes its panels and the layout can be reset", "[app][slow]") {
    StageFixture fixture;
    fixture.step(2);
    const float before = find_item("view/config")->width;
    CHECK(fixture.play("drag splitter/0 60 0") == "");
    CHECK(find_item("view/config")->width == Approx(before + 60).margin(2));
    fixture.workbench().reset_layout();
    fixture.step(2);
    CHECK(find_item("view/config")->width == before);
}

TEST_CASE("a script that is wrong fails, and says where", "[app][slow]") {
    for (const auto& [text, part] : {std::pair{"clik theme", "did you mean \"click\""},
                                     {"drag a 1", "takes other words"},
                                     {"key Foo+1", "Foo"},
                                     {"wait_frames many", "takes other words"},
                                     {"\n\nhover", "bad.txt:3"}}) {
        const auto script = GuiScript::parse(text, "bad.txt");
        INFO(text);
        REQUIRE_FALSE(script.has_value());
        CHECK_THAT(script.error().what, contains(part));
    }
    StageFixture fixture;
    CHECK_THAT(fixture.play("wait_frames 1\nexpect theme light"), contains("script:2"));
    CHECK_THAT(fixture.play("expect no.such.value 1"), contains("no such value"));
    CHECK_THAT(fixture.play("expect_item no/such/item"), contains("not on screen"));
    CHECK_THAT(fixture.play("click no/such/item"), contains("no such item"));
    CHECK_THAT(fixture.play("hover theme\nwait_idle\nsnapshot s view/config\nexpect_changed s"), contains("same"));
    CHECK_THAT(fixture.play("expect_same never"), contains("no snapshot"));
}

TEST_CASE("the window goes on while the engine works for long", "[app][slow]") {
    WorkbenchOptions options = small_workbench();
    options.pattern = "dense";
    options.seq_len = 8192;
    options.heads = 16;
    StageFixture fixture(options);
    Case slow = fixture.workbench().workspace.config;
    slow.backend = "reference"; // minutes
    fixture.workbench().workspace.start(slow);
    fixture.step(3);
    const auto begin = std::chrono::steady_clock::now();
    double longest_s = 0;
    int frames = 0;
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(1500)) {
        const auto frame = std::chrono::steady_clock::now();
        Case next = slow;
        next.heads = 1 + frames % 16; // a slider is being dragged: each frame cancels and submits
        fixture.workbench().workspace.set_config(next, "drag");
        fixture.step();
        longest_s =
            std::max(longest_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - frame).count());
        ++frames;
    }
    CHECK_FALSE(fixture.workbench().is_idle());
    CHECK(fixture.workbench().workspace.live_pending_s >= 0);
    CHECK(frames > 3);
    // Waiting for the engine would take minutes; a loaded machine's frame does not take half a second.
    CHECK(longest_s < 0.5);
}

TEST_CASE("what is opened is read in the background, and what cannot be read is told", "[app][slow]") {
    const ScratchFolder folder;
    StageFixture fixture;
    REQUIRE(fixture.stage->settle(30));
    SurfaceEvents drop;
    drop.dropped = {example_tensors()};
    fixture.stage->step(drop);
    REQUIRE(fixture.stage->settle(30));
    CHECK(fixture.workbench().workspace.config.seq_len == 512);
    CHECK(fixture.workbench().workspace.config.input == "minilm_layer3.safetensors");
    CHECK(fixture.workbench().workspace.live->error == "");
    for (const char* name : {"gone.safetensors", "gone.toml", "picture.jpeg"}) {
        drop.dropped = {folder / name};
        fixture.stage->step(drop);
        REQUIRE(fixture.stage->settle(30));
        CHECK_THAT(fixture.workbench().notices.newest(), contains(name));
        CHECK(fixture.workbench().workspace.config.seq_len == 512);
    }
}

TEST_CASE("closing and opening again shows the same", "[app][slow]") {
    const ScratchFolder folder;
    WorkbenchOptions options;
    options.profile = folder.path;
    {
        StageFixture fixture(options);
        CHECK(fixture.play("wait_idle\nclick pattern/set_a\nkey Ctrl+P\nwait_frames 3\ntype palette/query window "
                           "left=9 right=3\nkey 2\n"
                           "key Ctrl+T\nwait_idle") == "");
    }
    StageFixture fixture(options);
    CHECK(fixture.play(
              "wait_idle\nexpect config.pattern window left=9 right=3\nexpect layout measure\n"
              "expect theme light\nexpect config.input minilm_layer3.safetensors\nexpect config.seq_len 512") == "");
    CHECK_FALSE(fixture.workbench().workspace.can_undo()); // nothing was changed yet
    CHECK(fixture.play("expect compare.text longnet segments=64,128,256,512 rates=1,2,4,8\nexpect compare.shown b\n"
                       "key F\nexpect compare.shown a\nkey F\nexpect compare.shown b") == "");
}
