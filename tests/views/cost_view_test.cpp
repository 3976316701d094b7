// The cost view: numbers of its scene against the engine's, the waterfall's sum, and the panel itself.
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/some_rates.h"
#include "tests/views/headless.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/some_workspace.h"
#include "views/cost_view.h"
#include "views/number_format.h"

using namespace dilascope;

namespace {

// Every test of this program that draws all views: none of them calibrates.
[[maybe_unused]] const bool uses_rates = [] {
    use_rates(std::make_shared<const MachineRates>(some_rates()));
    return true;
}();

CostFacts facts_of(const char* text, std::optional<double> measured_ms) {
    const Problem problem = self_attention(4096, 4, 64);
    CostFacts facts;
    facts.cost = cost_of(parse_pattern(text).value(), problem, {64, 64}).value();
    facts.threads = 2;
    facts.prediction = predict(facts.cost, some_rates(), {1, 0.9, 1.1, 0});
    facts.dense = predict(cost_of({Dense{}}, problem, {64, 64}).value(), some_rates(), {1, 0.9, 1.1, 0});
    if (measured_ms) facts.measured = MeasuredTime{*measured_ms, "a test"};
    return facts;
}

const CostRow& row_named(const CostScene& scene, const std::string& label) {
    for (const CostCard& card : scene.cards)
        for (const CostRow& row : card.rows)
            if (row.label == label) return row;
    throw std::runtime_error("no row " + label);
}

} // namespace

TEST_CASE("cost scene: the bars of the waterfall add up to the measured time", "[views]") {
    for (const char* text :
         {"window left=64 right=64", "longnet segments=64,256,1024 rates=1,4,16", "dense", "local block=16 window=2"})
        for (const std::optional<double> measured_ms : {std::optional<double>(), {3.25}, {0.01}}) {
            INFO(text);
            const CostFacts facts = facts_of(text, measured_ms);
            const CostScene scene = make_cost_scene(facts);
            REQUIRE(scene.bars.size() >= 7);
            double sum = scene.bars.front().to_ms;
            for (std::size_t bar = 1; bar + 1 < scene.bars.size(); ++bar) {
                CHECK(scene.bars[bar].from_ms == Approx(sum));
                sum += scene.bars[bar].change_ms();
            }
            CHECK(sum == Approx(measured_ms.value_or(facts.prediction->time_ms)).epsilon(1e-9).margin(1e-9));
            CHECK(scene.bars.back().to_ms == Approx(sum).margin(1e-9));
            CHECK(scene.bars.back().kind == WaterfallBar::total);
            // Left after the pairs left out: dense time × counted ÷ allowed pairs.
            CHECK(scene.bars[1].to_ms ==
                  Approx(facts.dense->time_ms * double(facts.cost.multiplicity) / double(facts.cost.allowed_pairs)));
        }
}

TEST_CASE("cost scene: the biggest loss is named", "[views]") {
    const CostScene slow = make_cost_scene(facts_of("window left=64 right=64", 100.0));
    CHECK(slow.verdict.find("Biggest loss: unexplained") == 0);
    CHECK(slow.measured.find("100.0 ms measured") == 0);
    const CostScene predicted = make_cost_scene(facts_of("window left=64 right=64", std::nullopt));
    const auto worst = std::max_element(
        predicted.bars.begin() + 2, predicted.bars.end() - 1,
        [](const WaterfallBar& one, const WaterfallBar& other) { return one.change_ms() < other.change_ms(); });
    CHECK(predicted.verdict.find("Biggest loss: " + worst->label + ", ") == 0);
    CHECK(make_cost_scene(facts_of("dense", std::nullopt)).verdict.find("No loss") == 0);
}

TEST_CASE("cost scene: rows hold the exact numbers", "[views]") {
    const CostFacts facts = facts_of("window left=64 right=64", std::nullopt);
    const CostScene scene = make_cost_scene(facts);
    const std::int64_t pairs = 4 * (4096 * 129 - 64 * 65); // the corners of the band lie outside
    CHECK(facts.cost.active_pairs == pairs);
    CHECK(row_named(scene, "active pairs").value == format_count(pairs));
    CHECK(row_named(scene, "FLOPs").help.find(format_count(pairs * 256) + " FLOP exactly") == 0);
    // 64 tiles a head: all but the diagonal's neighbours are empty, those and it partial or full.
    CHECK(row_named(scene, "full").value == format_count(4 * 64));
    CHECK(row_named(scene, "partial").value == format_count(4 * 2 * 63));
    CHECK(row_named(scene, "empty").value == format_count(4 * (64 * 64 - 3 * 64 + 2)));
    CHECK(row_named(scene, "KV reuse").value == format_significant((3 * 64 - 2) / 64.0, 3));
    CHECK(scene.measured == "not measured yet");
    CHECK(scene.interval == "± 10 % predicted");
}

TEST_CASE("the cost view: exact pairs in the frame of the edit, tiles soon after, also at a million tokens",
          "[views]") {
    Headless ui(360, 900);
    Workspace workspace;
    workspace.set_config(longnet(1 << 20));
    CostView view;
    ui.settle(view, workspace);
    CHECK(view.is_complete());
    RecordingCanvas before;
    REQUIRE(view.draw_figure(workspace, before, {0, 0, 700, 900}));
    const auto exact = [&] { return format_count(pair_cost(workspace.pattern, workspace.problem).active_pairs); };
    CHECK(before.has_text(exact()));
    Case next = longnet(1 << 20);
    next.pattern = "longnet segments=4096,8192,16384,32768 rates=1,2,4,12";
    workspace.set_config(next);
    ui.settle(view, workspace);
    RecordingCanvas after;
    REQUIRE(view.draw_figure(workspace, after, {0, 0, 700, 900}));
    CHECK(after.has_text(exact()));
    CHECK(after.clip_depth == 0);
    CHECK(after.has_text(case_hash(workspace.config)));
}

TEST_CASE("the cost view: a tile size can be chosen, a run asked for, a value copied", "[views]") {
    Headless ui(360, 1400);
    Workspace workspace;
    Case config;
    config.pattern = "window left=64 right=64", config.seq_len = 4096;
    workspace.set_config(config);
    CostView view;
    ui.settle(view, workspace);
    ui.click(view, workspace, "cost/tile/0");
    CHECK(workspace.tile_tokens == 16);
    ui.settle(view, workspace);
    CHECK_FALSE(workspace.run_requested);
    ui.click(view, workspace, "cost/run");
    CHECK(workspace.run_requested);
    // Rows answer to the mouse anywhere on them: the first click below the toolbar that copies something.
    for (float y = 60; y < 1000 && ui.clipboard.empty(); y += 10) {
        ui.move({180, y});
        ui.frame(view, workspace);
        ui.press(view, workspace);
        ui.release(view, workspace);
    }
    CHECK_FALSE(ui.clipboard.empty());
}

TEST_CASE("the cost view: the newest run of this very case is what the prediction stands beside", "[views]") {
    Headless ui(800, 900);
    Workspace workspace;
    Case config;
    config.pattern = "window left=64 right=64", config.seq_len = 4096;
    workspace.set_config(config);
    auto runs = std::make_shared<std::vector<Run>>();
    for (const auto& [id, time_ms, is_same] :
         {std::tuple{"01B", 7.5, true}, {"01C", 9.25, true}, {"01A", 8.0, true}, {"01D", 1.0, false}}) {
        Run run;
        run.id = id, run.status = RunStatus::done, run.time_ms_median = time_ms;
        run.case_hash = is_same ? case_hash(workspace.config) : "another";
        runs->push_back(run);
    }
    workspace.runs = runs;
    CostView view;
    ui.settle(view, workspace);
    RecordingCanvas canvas;
    REQUIRE(view.draw_figure(workspace, canvas, {0, 0, 900, 900}));
    CHECK(canvas.has_text("measured"));
    CHECK(canvas.has_text("9.250 ms"));
    CHECK_FALSE(Headless::has("cost/run"));
    config.backend = "reference"; // other cases have no run, and this one no rates
    workspace.set_config(config);
    ui.settle(view, workspace);
    RecordingCanvas other;
    REQUIRE(view.draw_figure(workspace, other, {0, 0, 900, 900}));
    CHECK(other.has_text("not measured yet"));
    CHECK(other.has_text("no prediction for reference f64"));
    CHECK(other.has_text("–"));
}
