#include "tests/catch.h"
#include "views/workspace.h"

using namespace dilascope;

static Case with_tokens(std::int64_t tokens) {
    Case config;
    config.seq_len = tokens;
    return config;
}

TEST_CASE("a valid configuration is in force at once, in canonical form", "[views]") {
    Workspace workspace;
    const std::uint64_t before = workspace.version;
    Case config = with_tokens(4096);
    config.pattern = "longnet   segments=256,512 rates=1,2";
    workspace.set_config(config);
    CHECK(workspace.config_error.empty());
    CHECK(workspace.version == before + 1);
    CHECK(workspace.problem.seq_len == 4096);
    CHECK(workspace.config.pattern == "longnet segments=256,512 rates=1,2");
    CHECK(branch_count(workspace.pattern) == 2);
}

TEST_CASE("an invalid configuration stays in the form with its cause, views keep the last valid one", "[views]") {
    Workspace workspace;
    workspace.set_config(with_tokens(2048));
    const std::uint64_t version = workspace.version;
    Case broken = with_tokens(2048);
    broken.pattern = "longnt segments=256 rates=1";
    workspace.set_config(broken);
    CHECK(workspace.config_error.find("longnet") != std::string::npos); // the nearest name is offered
    CHECK(workspace.config.pattern == broken.pattern);
    CHECK(workspace.version == version);
    CHECK(std::holds_alternative<Dense>(workspace.pattern.kind));
    CHECK(workspace.problem.seq_len == 2048);
    REQUIRE(workspace.undo());
    CHECK(workspace.config_error.empty());
}

TEST_CASE("undo and redo walk the configurations, one drag is one step", "[views]") {
    Workspace workspace;
    CHECK_FALSE(workspace.undo());
    workspace.set_config(with_tokens(2048));
    for (std::int64_t tokens = 4096; tokens <= 65536; tokens *= 2) workspace.set_config(with_tokens(tokens), "drag#1");
    workspace.set_config(with_tokens(100), "drag#2");
    CHECK(workspace.config.seq_len == 100);
    REQUIRE(workspace.undo());
    CHECK(workspace.config.seq_len == 65536);
    REQUIRE(workspace.undo());
    CHECK(workspace.config.seq_len == 2048);
    REQUIRE(workspace.redo());
    CHECK(workspace.config.seq_len == 65536);
    CHECK(workspace.problem.seq_len == 65536);
    workspace.set_config(with_tokens(7));
    CHECK_FALSE(workspace.redo()); // a new change forgets what was undone
    REQUIRE(workspace.undo());
    workspace.set_config(with_tokens(9), "drag#2"); // an undo in between ends the gesture
    REQUIRE(workspace.undo());
    CHECK(workspace.config.seq_len == 65536);
}

TEST_CASE("setting the same configuration again is no step", "[views]") {
    Workspace workspace;
    workspace.set_config(workspace.config);
    CHECK_FALSE(workspace.can_undo());
}

TEST_CASE("the selection stays inside the matrix and returns to the picked cell", "[views]") {
    Workspace workspace;
    Case config = with_tokens(64);
    config.heads = 4;
    workspace.set_config(config);
    workspace.select_head(9);
    CHECK(workspace.selection.head == 3);
    workspace.pick(60, 61);
    workspace.hover(5, 1000);
    CHECK(workspace.selection.hovered);
    CHECK(workspace.selection.k == 63);
    workspace.end_hover();
    CHECK_FALSE(workspace.selection.hovered);
    CHECK(workspace.selection.q == 60);
    config.seq_len = 16;
    config.heads = 2;
    workspace.set_config(config);
    CHECK(workspace.selection.picked_k == 15);
    CHECK(workspace.selection.head == 1);
    workspace.pick(-3, 2);
    CHECK(workspace.selection.q == 0);
}
