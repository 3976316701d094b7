#include "tests/catch.h"
#include "tests/views/sample_runs.h"
#include "tests/views/some_workspace.h"
#include "views/live_strip.h"
#include "views/theme.h"
#include "views/timing_scene.h"

#include <algorithm>
#include <tuple>

using namespace dilascope;

namespace {

TimingRequest over(std::shared_ptr<const Runs> runs, const std::string& axis = "seq_len") {
    TimingRequest request;
    request.runs = std::move(runs);
    request.axis = axis;
    return request;
}

const Series& series_named(const PlotScene& scene, const char* name) {
    const auto found =
        std::find_if(scene.series.begin(), scene.series.end(), [&](const Series& s) { return s.name == name; });
    REQUIRE(found != scene.series.end());
    return *found;
}

} // namespace

TEST_CASE("runs become one curve for each pattern, over rising lengths", "[views]") {
    const TimingPicture picture = make_timing_picture(over(sample_runs(16)), no_cancel);
    REQUIRE(picture.scene.series.size() == 2);
    CHECK(picture.run_count == 16);
    const Series& dense = series_named(picture.scene, "dense");
    REQUIRE(dense.samples.size() == 8);
    CHECK((dense.samples[0].x == 512 && dense.samples[7].x == 65536));
    CHECK(dense.samples[0].y == Approx(1.5));
    CHECK(dense.samples[0].low == Approx(1.5 * 0.9));
    CHECK(dense.samples[0].high == Approx(1.5 * 1.2));
    CHECK(dense.ids[0] == sample_run(0, "dense", 512, 1).id);
    CHECK(dense.colour == branch_colour(0)); // the oldest run's curve
    CHECK(picture.common.starts_with("heads 8 · head_dim 64 · f32 · cpu"));
    CHECK(picture.common.find("dense") == std::string::npos);
    CHECK(picture.scene.x.unit == "tokens");
    CHECK(picture.scene.y.unit == "ms");
    CHECK(series_named(picture.scene, "dilated segments=256,512 rates=1,2").colour == branch_colour(1));
}

TEST_CASE("only the newest finished run of a case is plotted", "[views]") {
    auto runs = std::make_shared<Runs>();
    runs->push_back(sample_run(5, "dense", 512, 3));
    runs->push_back(sample_run(9, "dense", 512, 7)); // newest
    runs->push_back(sample_run(1, "dense", 512, 1));
    Run failed = sample_run(20, "dense", 1024, 5);
    failed.status = RunStatus::failed;
    runs->push_back(failed);
    runs->push_back(sample_run(21, "dense", 2048, 0)); // never timed
    TimingRequest request = over(runs);
    TimingPicture picture = make_timing_picture(request, no_cancel);
    REQUIRE(picture.scene.series.size() == 1);
    REQUIRE(picture.scene.series[0].samples.size() == 1);
    CHECK(picture.scene.series[0].samples[0].y == 7);
    // a selection says exactly which
    request.selected = {runs->at(0).id, runs->at(2).id, failed.id};
    picture = make_timing_picture(request, no_cancel);
    REQUIRE(picture.scene.series[0].samples.size() == 2);
    CHECK(picture.run_count == 2);
}

TEST_CASE("whatever differs besides the axis makes a curve of its own, and its name", "[views]") {
    auto runs = std::make_shared<Runs>();
    for (int heads : {4, 8})
        for (int length : {512, 1024}) {
            Run run = sample_run(heads * 10 + length / 512, "dense", length, heads * length / 512.0);
            run.config.heads = heads;
            run.case_hash += std::to_string(heads);
            runs->push_back(run);
        }
    TimingPicture picture = make_timing_picture(over(runs), no_cancel);
    REQUIRE(picture.scene.series.size() == 2);
    CHECK(series_named(picture.scene, "heads 4").samples.size() == 2);
    picture = make_timing_picture(over(runs, "heads"), no_cancel);
    CHECK(series_named(picture.scene, "seq_len 1024").samples[1].x == 8);
    const auto choice =
        std::find_if(picture.axes.begin(), picture.axes.end(), [](const AxisChoice& c) { return c.name == "heads"; });
    REQUIRE(choice != picture.axes.end());
    CHECK(choice->value_count == 2);
}

TEST_CASE("a curve's name says no more than tells it apart, its detail everything", "[views]") {
    auto runs = std::make_shared<Runs>();
    for (const auto& [pattern, heads, head_dim] :
         {std::tuple{"dense", 4, 64}, std::tuple{"window left=8", 8, 32}, std::tuple{"window left=8", 8, 16}}) {
        Run run = sample_run(int(runs->size()), pattern, 512, 1);
        run.config.heads = heads;
        run.config.head_dim = head_dim;
        run.case_hash += std::to_string(head_dim);
        runs->push_back(run);
    }
    const PlotScene scene = make_timing_picture(over(runs), no_cancel).scene;
    REQUIRE(scene.series.size() == 3);
    CHECK(series_named(scene, "dense · head_dim 64").detail == "dense · heads 4 · head_dim 64");
    CHECK(series_named(scene, "window left=8 · head_dim 16").detail == "window left=8 · heads 8 · head_dim 16");
}

TEST_CASE("a length of keys that is the queries' is named so", "[views]") {
    auto runs = std::make_shared<Runs>();
    for (const int kv_len : {0, 4096})
        for (const int length : {512, 1024}) {
            Run run = sample_run(int(runs->size()), "dense", length, 1);
            run.config.kv_len = kv_len;
            run.case_hash += std::to_string(kv_len);
            runs->push_back(run);
        }
    const PlotScene scene = make_timing_picture(over(runs), no_cancel).scene;
    REQUIRE(scene.series.size() == 2);
    CHECK(series_named(scene, "kv_len = seq_len").samples.size() == 2);
    CHECK(series_named(scene, "kv_len 4096").samples.size() == 2);
}

TEST_CASE("names take as many fields as they need", "[views]") {
    auto runs = std::make_shared<Runs>();
    for (const int heads : {4, 8})
        for (const int head_dim : {32, 64}) {
            Run run = sample_run(int(runs->size()), "dense", 512, 1);
            run.config.heads = heads;
            run.config.head_dim = head_dim;
            run.case_hash += std::to_string(heads * head_dim + heads);
            runs->push_back(run);
        }
    const PlotScene scene = make_timing_picture(over(runs), no_cancel).scene;
    REQUIRE(scene.series.size() == 4);
    std::set<std::string> names;
    for (const Series& series : scene.series) names.insert(series.name);
    CHECK(names.size() == 4);
    CHECK(names.contains("heads 8 · head_dim 32"));
}

TEST_CASE("a curve keeps its colour whatever is selected", "[views]") {
    TimingRequest request = over(sample_runs(16));
    const Colour before =
        series_named(make_timing_picture(request, no_cancel).scene, "dilated segments=256,512 rates=1,2").colour;
    for (const Run& run : *request.runs)
        if (run.config.pattern != "dense") request.selected.insert(run.id);
    const TimingPicture picture = make_timing_picture(request, no_cancel);
    REQUIRE(picture.scene.series.size() == 1);
    CHECK(picture.scene.series[0].colour == before);
}

TEST_CASE("throughput turns the interval over", "[views]") {
    TimingRequest request = over(sample_runs(2));
    request.measure = TimingMeasure::throughput;
    const PlotScene scene = make_timing_picture(request, no_cancel).scene;
    const Sample sample = series_named(scene, "dense").samples[0];
    CHECK(sample.y == Approx(100 / 1.5));
    CHECK(sample.low == Approx(100 / 1.5 / 1.2));
    CHECK(sample.high == Approx(100 / 1.5 / 0.9));
    CHECK(scene.y.unit == "GFLOP/s");
}

TEST_CASE("too many curves are cut to the newest, and counted", "[views]") {
    auto runs = std::make_shared<Runs>();
    for (int index = 0; index < 60; ++index)
        runs->push_back(sample_run(index, "window left=" + std::to_string(index), 512, 1 + index));
    const TimingPicture picture = make_timing_picture(over(runs), no_cancel);
    CHECK(int(picture.scene.series.size()) + picture.series_left_out == 60);
    CHECK(picture.scene.series.back().name == "window left=59");
}

TEST_CASE("the live timing is a labelled point, earlier ones a trail", "[views]") {
    LiveResult result;
    result.config.seq_len = 2048;
    result.time_ms_median = 3.1;
    std::vector<LiveTiming> history = {live_timing(result)};
    PlotScene scene;
    scene.y.unit = "ms";
    const TimingRequest request = over(nullptr);
    add_live(scene, request, {});
    CHECK((scene.series.empty() && scene.annotations.empty()));
    add_live(scene, request, history);
    REQUIRE(scene.annotations.size() == 1);
    CHECK((scene.annotations[0].x == 2048 && scene.annotations[0].y == 3.1));
    CHECK(scene.annotations[0].text == "live 3.100 ms");
    for (int index = 1; index < 100; ++index) {
        result.config.seq_len = 64 * (100 - index);
        history.push_back(live_timing(result));
    }
    scene = {};
    add_live(scene, request, history);
    REQUIRE(scene.series.size() == 1);
    CHECK(scene.series[0].samples.size() == 24);
    CHECK(std::is_sorted(scene.series[0].samples.begin(), scene.series[0].samples.end(),
                         [](const Sample& a, const Sample& b) { return a.x < b.x; }));
}

TEST_CASE("a live change is only claimed when the medians' intervals do not overlap", "[views]") {
    LiveTiming before, now;
    before.time_ms = 10, before.times_ms = {9, 10, 11};
    now.time_ms = 5, now.times_ms = {4.5, 5, 5.5};
    CHECK(live_change_text({now}) == "");
    CHECK(live_change_text({before, now}) == "\u221250 %, faster than before");
    CHECK(live_change_text({now, before}) == "+100 %, slower than before");
    now.times_ms = {4.5, 5, 9.5};
    CHECK(live_change_text({before, now}) == "no evidence of a change");
    now.times_ms = std::vector<double>(40, 5);
    now.times_ms[7] = 30; // one call of many that waited for something else
    CHECK(live_change_text({before, now}) == "\u221250 %, faster than before");
}
