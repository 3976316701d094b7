#include "tests/catch.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/some_workspace.h"
#include "views/cell_facts.h"
#include <bit>

using namespace dilascope;

static Workspace masked_workspace(const char* pattern, std::int64_t tokens, bool causal) {
    Case config;
    config.pattern = pattern;
    config.seq_len = tokens;
    config.causal = causal;
    return workspace_of(config);
}

TEST_CASE("facts of a cell are those of the predicate", "[views]") {
    const Workspace workspace = masked_workspace("longnet segments=16,64 rates=1,2", 64, true);
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

TEST_CASE("facts of block patterns and orders: blocks, ranks, rows, all quick and equal to the predicate", "[views]") {
    const auto [text, causal] = GENERATE(
        table<const char*, bool>({{"local block=8 window=16 + global block=8 tokens=8", true},
                                  {"random block=8 density=0.3 seed=5 per_head=true", false},
                                  {"random block=8 density=0.3 seed=5 per_head=true order=morton use=sequence", false},
                                  {"window left=4 right=4 order=hilbert grid=10x0 use=sequence", true},
                                  {"longnet segments=8,32 rates=1,2 order=snake grid=9x0 use=layout", true}}));
    const Workspace workspace = masked_workspace(text, 70, causal);
    const Order& order = workspace.pattern.order;
    for (const auto& [q, k] : {std::pair<std::int64_t, std::int64_t>{0, 0}, {40, 33}, {69, 2}, {12, 69}}) {
        const CellFacts facts = cell_facts(workspace, q, k);
        std::int64_t keys = 0, times = 0;
        for (std::int64_t key = 0; key < 70; ++key) {
            const int often = multiplicity(workspace.pattern, workspace.problem, 0, q, key);
            keys += often > 0, times += often;
        }
        INFO(text << " q " << q << " k " << k);
        CHECK(facts.row_keys == keys);
        CHECK(facts.row_multiplicity == times);
        CHECK(facts.multiplicity == multiplicity(workspace.pattern, workspace.problem, 0, q, k));
        CHECK(facts.rank.has_value() == !order.is_row());
        if (facts.rank) CHECK(facts.rank->q == rank_of(order, 70, q));
        const bool is_blocks = std::holds_alternative<Blocks>(workspace.pattern.kind);
        CHECK(facts.block.has_value() == is_blocks);
        if (is_blocks) CHECK(facts.block->k == (facts.rank ? facts.rank->k : k) / 8);
        CHECK(facts.tile.q == q / 64);
        CHECK(place_text(facts).find("tile") != std::string::npos);
    }
    // A key that two parts of a union share counts once.
    if (std::string_view(text).starts_with("local")) {
        const CellFacts facts = cell_facts(workspace, 2, 1);
        CHECK(facts.branches.size() == 2);
        CHECK(attendance_text(facts) == "attended");
    }
}

TEST_CASE("the cell also says how often it counts in pattern A", "[views]") {
    Workspace workspace = masked_workspace("longnet segments=16,64 rates=1,2", 64, false);
    CHECK_FALSE(cell_facts(workspace, 20, 18).compared);
    workspace.keep_as_a();
    Case next = workspace.config;
    next.pattern = "window left=1 right=1";
    workspace.set_config(next);
    CHECK(cell_facts(workspace, 20, 18).compared == 2);
    CHECK(cell_facts(workspace, 20, 18).multiplicity == 0);
    workspace.forget_a();
    CHECK_FALSE(cell_facts(workspace, 20, 18).compared);
}

TEST_CASE("a weight belongs to the present configuration and head, or is not told", "[views]") {
    Workspace workspace = masked_workspace("window left=4 right=0", 32, true);
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
    const Workspace workspace = masked_workspace("longnet segments=16,64 rates=1,2", 64, false);
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
