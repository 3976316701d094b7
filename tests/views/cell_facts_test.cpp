#include "tests/catch.h"
#include "tests/views/recording_canvas.h"
#include "views/cell_facts.h"
#include <bit>

using namespace dilascope;

static Workspace workspace_with(const char* pattern, std::int64_t tokens, bool causal) {
    Workspace workspace;
    Case config;
    config.pattern = pattern;
    config.seq_len = tokens;
    config.causal = causal;
    workspace.set_config(config);
    REQUIRE(workspace.config_error.empty());
    return workspace;
}

TEST_CASE("facts of a cell are those of the predicate", "[views]") {
    const Workspace workspace = workspace_with("longnet segments=16,64 rates=1,2", 64, true);
    for (const auto& [q, k] :
         {std::pair<std::int64_t, std::int64_t>{20, 18}, {20, 19}, {40, 2}, {40, 3}, {5, 6}, {63, 63}}) {
        const CellFacts facts = cell_facts(workspace, q, k);
        const BranchSet set = branches(workspace.pattern, workspace.problem, 0, q, k);
        CHECK(int(facts.branches.size()) == std::popcount(set));
        for (int branch : facts.branches) CHECK((set >> branch & 1) == 1);
        CHECK(facts.distance == q - k);
        CHECK(facts.causal_cut == (k > q));
        std::int64_t keys = 0;
        for (std::int64_t key = 0; key < 64; ++key)
            keys += branches(workspace.pattern, workspace.problem, 0, q, key) != 0;
        CHECK(facts.row_keys == keys);
    }
    CHECK(attendance_text(cell_facts(workspace, 20, 18)) == "counted twice");
    CHECK(attendance_text(cell_facts(workspace, 5, 6)) == "after the query, cut by causality");
    CHECK(attendance_text(cell_facts(workspace, 40, 3)) == "not attended");
}

TEST_CASE("a weight belongs to the present configuration and head, or is not told", "[views]") {
    Workspace workspace = workspace_with("window left=4 right=0", 32, true);
    auto live = std::make_shared<LiveResult>();
    live->config = workspace.config;
    auto heatmap = std::make_shared<Heatmap>();
    heatmap->request = {0, {{0, 32}, {0, 32}}, 32, 32};
    heatmap->weights.assign(32 * 32, 0.125f);
    live->heatmap = heatmap;
    workspace.live = live;
    CHECK(weight_text(cell_facts(workspace, 7, 6)) == "weight 0.125");
    workspace.select_head(3);
    CHECK(weight_text(cell_facts(workspace, 7, 6)).empty());
    workspace.select_head(0);
    Case changed = workspace.config;
    changed.causal = false;
    workspace.set_config(changed);
    CHECK_FALSE(cell_facts(workspace, 7, 6).weight);
}

TEST_CASE("the card stays inside its bounds and names every branch", "[views]") {
    const Workspace workspace = workspace_with("longnet segments=16,64 rates=1,2", 64, false);
    const CellFacts facts = cell_facts(workspace, 20, 18);
    for (const Point at : {Point{5, 5}, {395, 295}, {200, 290}}) {
        RecordingCanvas canvas;
        draw_cell_card(canvas, facts, workspace.pattern, at, {0, 0, 400, 300});
        CHECK(canvas.has_text("16 / 1"));
        CHECK(canvas.has_text("64 / 2"));
        CHECK(canvas.has_text("counted twice"));
        for (const RecordingCanvas::Text& text : canvas.texts) {
            CHECK(text.at.x >= 0);
            CHECK(text.at.x + canvas.text_size(text.text, TextStyle::body).x <= 400);
            CHECK(text.at.y + 15 <= 300);
        }
    }
}
