#include "tests/catch.h"
#include "tests/views/headless.h"
#include "views/config_view.h"

using namespace dilascope;

namespace {

Blocks blocks_of(const char* text) { return std::get<Blocks>(parse_pattern(text)->kind); }

// What the text form makes of a pattern must be the pattern.
void check_round_trip(const Workspace& workspace) {
    const Result<Pattern> read = parse_pattern(workspace.config.pattern);
    REQUIRE(read);
    CHECK(*read == workspace.pattern);
}

} // namespace

TEST_CASE("one block size for all parts of a union, a new part takes it", "[views]") {
    Blocks blocks = blocks_of("local block=32 window=128 + global block=32 tokens=64");
    add_part(blocks, Strided{128, 3});
    CHECK(to_text({blocks}) == "local block=32 window=128 + global block=32 tokens=64 + strided block=32 stride=3");
    set_block(blocks, 16);
    for (const BlockPart& part : blocks.parts) CHECK(block_of(part) == 16);
    CHECK(pattern_name({blocks}) == "local + global + strided");
    CHECK(pattern_name(*parse_pattern("seed segments=8 rates=1")) == "seed");
}

TEST_CASE("a preset keeps the order of the pattern before it", "[views]") {
    const Pattern before = *parse_pattern("longnet segments=64,128 rates=1,2 order=hilbert grid=16x0 use=layout");
    for (const Preset& preset : presets()) {
        if (preset.name == std::string_view("mask")) continue; // has no file yet
        const Pattern after = preset_pattern(preset, before);
        INFO(to_text(after));
        CHECK(after.order == before.order);
        CHECK(*parse_pattern(to_text(after)) == after);
    }
}

TEST_CASE("a list of offsets starts as the heads' own and is edited as a list", "[views]") {
    Headless ui(340, 1000);
    Workspace workspace;
    Case config;
    config.pattern = "dilated segments=64 rates=4 phase=zero";
    config.heads = 4;
    workspace.set_config(config);
    ConfigView view;
    ui.frame(view, workspace);
    CHECK_FALSE(Headless::has("config/pattern/offsets"));
    ui.click(view, workspace, "config/pattern/phase");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/pattern/phase/list");
    CHECK(workspace.config.pattern == "dilated segments=64 rates=4 heads=all phase=list offsets=0,1,2,3 mix=softmax");
    ui.frame(view, workspace);
    CHECK(Headless::has("config/pattern/offsets"));
    ui.click(view, workspace, "config/pattern/phase");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/pattern/phase/head_block");
    CHECK(workspace.config.pattern == "dilated segments=64 rates=4 heads=all phase=head_block mix=softmax");
    CHECK(workspace.config_error == "");
}

TEST_CASE("the form builds and edits a union of block patterns", "[views]") {
    Headless ui(340, 1400);
    Workspace workspace;
    ConfigView view;
    ui.click(view, workspace, "config/preset");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/preset/local");
    CHECK(workspace.config.pattern == "local block=64 window=256");
    ui.frame(view, workspace);
    CHECK_FALSE(Headless::has("config/part/remove/0")); // the last part stays
    ui.click(view, workspace, "config/add_part");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/part/random");
    ui.frame(view, workspace);
    for (const char* id : {"config/pattern/0/block", "config/pattern/0/window", "config/pattern/1/density",
                           "config/pattern/1/seed", "config/pattern/1/per_head", "config/part/remove/1"}) {
        INFO(id);
        CHECK(Headless::has(id));
    }
    check_round_trip(workspace);

    ui.click(view, workspace, "config/pattern/1/block");
    ui.type(view, workspace, "32");
    ui.enter(view, workspace);
    CHECK(workspace.config.pattern == "local block=32 window=256 + random block=32 density=0.1 seed=0 per_head=true");
    ui.drag(view, workspace, "config/pattern/1/density", {60, 0});
    const auto density = [&] {
        return std::get<RandomBlocks>(std::get<Blocks>(workspace.pattern.kind).parts.at(1)).density;
    };
    CHECK(density() > 0.2);
    CHECK(density() < 0.6);
    check_round_trip(workspace);
    REQUIRE(workspace.undo()); // the whole drag
    CHECK(density() == 0.1);
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/pattern/1/per_head");
    CHECK(workspace.config.pattern.find("per_head=false") != std::string::npos);
    ui.click(view, workspace, "config/part/remove/0");
    CHECK(workspace.config.pattern == "random block=32 density=0.1 seed=0 per_head=false");
    ui.frame(view, workspace);
    ui.frame(view, workspace);
    CHECK(Headless::has("config/pattern/0/density"));
}

TEST_CASE("levels and masks are edited as text, what cannot be read says why and changes nothing", "[views]") {
    Headless ui(340, 1400);
    Workspace workspace;
    ConfigView view;
    Case config = workspace.config;
    config.pattern = "hierarchical";
    workspace.set_config(config);
    const std::string before = workspace.config.pattern;
    ui.click(view, workspace, "config/pattern/0/levels");
    ui.type(view, workspace, ",2048:x");
    CHECK(Headless::has("config/pattern/0/levels/error"));
    ui.enter(view, workspace);
    ui.frame(view, workspace);
    CHECK(Headless::has("config/pattern/0/levels/error")); // stays until it is mended
    CHECK(workspace.config.pattern == before);
    // A mask without a file is no pattern yet, but the form lets it have one.
    ui.click(view, workspace, "config/preset");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/preset/mask");
    ui.frame(view, workspace);
    CHECK_FALSE(workspace.config_error.empty());
    REQUIRE(Headless::has("config/pattern/0/file"));
    ui.click(view, workspace, "config/pattern/0/file");
    ui.type(view, workspace, "/nowhere/mask.npy");
    ui.enter(view, workspace);
    CHECK(workspace.config.pattern.find("file=/nowhere/mask.npy") != std::string::npos);
    REQUIRE(workspace.undo());
    REQUIRE(workspace.undo());
    CHECK(workspace.config.pattern == before);
}

TEST_CASE("the order is edited below the pattern, its details only when there is one", "[views]") {
    Headless ui(340, 1200);
    Workspace workspace;
    Case config = workspace.config;
    config.pattern = "window left=8 right=8";
    config.seq_len = 3072;
    workspace.set_config(config);
    ConfigView view;
    ui.frame(view, workspace);
    CHECK(Headless::has("config/order/curve"));
    CHECK_FALSE(Headless::has("config/order/grid"));
    ui.click(view, workspace, "config/order/curve");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/order/curve/hilbert");
    CHECK(workspace.config.pattern == "window left=8 right=8 order=hilbert use=sequence");
    ui.click(view, workspace, "config/order/grid");
    ui.type(view, workspace, "64x48");
    ui.enter(view, workspace);
    CHECK(workspace.config.pattern == "window left=8 right=8 order=hilbert grid=64x48 use=sequence");
    ui.click(view, workspace, "config/order/use");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/order/use/layout");
    CHECK(workspace.pattern.order == Order{Curve::hilbert, {64, 48}, OrderUse::layout});
    check_round_trip(workspace);
    ui.click(view, workspace, "config/order/curve");
    ui.frame(view, workspace);
    ui.click(view, workspace, "config/order/curve/row");
    CHECK(workspace.config.pattern == "window left=8 right=8");
}
