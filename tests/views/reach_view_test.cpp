// Receptive field view: the job against the analyses, rows that jump, a phase that is applied, every size drawn.
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/views/headless.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/some_workspace.h"
#include "views/reach_view.h"

using namespace dilascope;

namespace {

ReachRequest request_of(const Workspace& workspace, int layers) {
    ReachRequest request;
    request.pattern = workspace.pattern, request.problem = workspace.problem, request.layers = layers;
    return request;
}

} // namespace

TEST_CASE("the receptive field job gives what the analyses give", "[views]") {
    const Workspace workspace = workspace_with("longnet segments=8,32 rates=1,4", 96);
    ReachRequest request = request_of(workspace, 3);
    request.other = Pattern{Window{2, 2}};
    const ReachAnswer answer = analyse_reach(request, no_cancel);
    CHECK(answer.stack_error.empty());
    const Plan top = *make_plan(workspace.pattern, workspace.problem),
               below = *make_plan(*request.other, workspace.problem);
    const std::vector<Layer> layers = {{&top, {0, 1}}, {&below, {0, 1}}, {&top, {0, 1}}};
    const Stack stack = *Stack::make(layers);
    const Coverage expected = *coverage(stack);
    REQUIRE(answer.coverage);
    CHECK(answer.coverage->is_exact);
    CHECK(answer.coverage->reached_pairs == expected.reached_pairs);
    CHECK((answer.depths == *depth_map(stack, whole_matrix(workspace.problem), 96, 96, 8)));
    REQUIRE(answer.holes);
    const Holes holes = *find_holes(top, 0, 3);
    CHECK(answer.holes->distances.count > 0);
    CHECK(answer.holes->distances == holes.distances);
    CHECK(answer.holes->queries_without_key == holes.queries_without_key);
    CHECK(answer.holes->widest_gap == holes.widest_gap);
    REQUIRE(answer.heads);
    CHECK(answer.heads->covered() == *covered_pairs(top, std::vector<std::int64_t>{0, 1}));
    REQUIRE(answer.phases);
    CHECK(answer.phases->covered_best >= answer.phases->covered_now);
}

TEST_CASE("a click on a hole picks it and moves the camera there", "[views]") {
    Headless ui(1600, 1000);
    Workspace workspace = workspace_with("dilated segments=64 rates=4 phase=zero", 1024);
    ReachView view;
    ui.settle(view, workspace);
    REQUIRE(view.is_complete());
    ui.click(view, workspace, "reach/hole/query/1"); // queries 5 … 7
    CHECK(workspace.selection.picked_q == 5);
    CHECK(workspace.selection.picked_k == 5);
    CHECK_FALSE(workspace.camera.fitted);
    CHECK(workspace.camera.q_centre == 5);
}

TEST_CASE("a suggested phase is applied to the pattern, as one step to undo", "[views]") {
    Headless ui(1600, 1000);
    Workspace workspace = workspace_with("dilated segments=64 rates=4 phase=zero", 256, 4);
    ReachView view;
    ui.settle(view, workspace);
    ui.click(view, workspace, "reach/apply");
    CHECK(std::get<Dilated>(workspace.pattern.kind).phase == PhaseMode::head_mod);
    ui.settle(view, workspace);
    CHECK_FALSE(Headless::has("reach/apply"));
    REQUIRE(workspace.undo());
    CHECK(std::get<Dilated>(workspace.pattern.kind).phase == PhaseMode::zero);
}

TEST_CASE("suggested offsets are applied as a list that covers what was promised", "[views]") {
    Headless ui(1600, 1000);
    Workspace workspace = workspace_with("dilated segments=64,64 rates=4,6 phase=group_mod", 256, 3);
    ReachView view;
    ui.settle(view, workspace);
    const PhasePlan plan = *plan_phases(std::get<Dilated>(workspace.pattern.kind), workspace.problem);
    REQUIRE_FALSE(plan.offsets.empty());
    ui.click(view, workspace, "reach/apply");
    const Dilated applied = std::get<Dilated>(workspace.pattern.kind);
    CHECK(workspace.config_error == "");
    CHECK(applied.phase == PhaseMode::list);
    CHECK(applied.offsets == plan.offsets);
    CHECK(*parse_pattern(workspace.config.pattern) == workspace.pattern);
    CHECK(plan_phases(applied, workspace.problem)->covered_now == plan.covered_best);
}

TEST_CASE("the receptive field draws at every size, and says why it cannot", "[views]") {
    for (const Point size : {Point{320, 240}, Point{900, 360}, Point{1600, 1000}}) {
        Headless ui(size.x, size.y);
        Workspace workspace = workspace_with("window left=4 right=4", 128);
        ReachView view;
        ui.settle(view, workspace);
        CHECK(view.is_complete());
        CHECK(Headless::has("reach/map"));
        RecordingCanvas canvas;
        REQUIRE(view.draw_figure(workspace, canvas, {0, 0, size.x, size.y}));
        CHECK(canvas.images == 1);
        CHECK(canvas.has_text("never"));
        CHECK(canvas.clip_depth == 0);
    }
    const Workspace cross = workspace_with("dense", 64, 2, 128);
    const ReachAnswer answer = analyse_reach(request_of(cross, 2), no_cancel);
    CHECK(answer.stack_error.find("layers stack when they are equal") != std::string::npos);
    CHECK(answer.holes);
}
