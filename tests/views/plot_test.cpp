#include "tests/catch.h"
#include "tests/views/recording_canvas.h"
#include "views/fitted_text.h"
#include "views/plot_draw.h"
#include "views/plot_interaction.h"

#include <cmath>
#include <random>

using namespace dilascope;

namespace {

Series line(const std::string& name, std::vector<Sample> samples) {
    Series series;
    series.name = name;
    series.colour = rgb(0x56b4e9);
    series.samples = std::move(samples);
    return series;
}

PlotScene two_lines() {
    PlotScene scene;
    scene.x = {"seq_len", "tokens", AxisScale::log2};
    scene.y = {"time", "ms", AxisScale::log10};
    scene.series = {line("slow", {{1024, 1, 0.9, 1.1}, {2048, 4, 3.6, 4.4}, {4096, 16, 14, 18}}),
                    line("fast", {{1024, 0.5}, {2048, 1}, {4096, 2}})};
    scene.series[0].ids = {"run-a", "run-b", "run-c"};
    fit_axes(scene);
    return scene;
}

constexpr Rect whole = {10, 20, 800, 300};

} // namespace

TEST_CASE("all data lie inside the frame of a fitted plot", "[views]") {
    const RecordingCanvas canvas;
    const PlotScene scene = two_lines();
    const PlotLayout layout = layout_plot(scene, canvas, whole);
    for (const Series& series : scene.series)
        for (const Sample& sample : series.samples)
            CHECK(layout.frame.contains(plot_point(scene, layout, sample.x, sample.y)));
    CHECK(layout.frame.contains(plot_point(scene, layout, 4096, 18))); // interval ends too
    CHECK(layout.frame.x > whole.x);
    CHECK(layout.frame.right() < whole.right());
    // more is higher, later is further right
    CHECK(plot_point(scene, layout, 1024, 2).y < plot_point(scene, layout, 1024, 1).y);
    CHECK(plot_point(scene, layout, 2048, 1).x > plot_point(scene, layout, 1024, 1).x);
}

TEST_CASE("a drawn plot names axes, units, ticks and series", "[views]") {
    RecordingCanvas canvas;
    const PlotScene scene = two_lines();
    draw_plot(canvas, scene, layout_plot(scene, canvas, whole));
    for (const char* text : {"seq_len, tokens", "time, ms", "1k", "2k", "4k", "1", "10", "slow", "fast"}) {
        INFO(text);
        CHECK(canvas.has_text(text));
    }
    CHECK(canvas.polylines.size() == 2);
    CHECK(canvas.bands == 1); // only "slow" has intervals
    CHECK(canvas.discs.size() >= 6);
    CHECK(canvas.clip_depth == 0);
}

TEST_CASE("legend entries stand by their lines and never overlap", "[views]") {
    const RecordingCanvas canvas;
    PlotScene scene = two_lines();
    for (int index = 0; index < 6; ++index)
        scene.series.push_back(line("s" + std::to_string(index), {{4096, 2.0 + index * 1e-3}}));
    fit_axes(scene);
    const PlotLayout layout = layout_plot(scene, canvas, whole);
    REQUIRE(layout.legend.size() == 8);
    CHECK(layout.legend.front().series == 0); // the slowest on top, as in the plot
    for (std::size_t index = 1; index < layout.legend.size(); ++index)
        CHECK(layout.legend[index].rect.y >= layout.legend[index - 1].rect.bottom() - 0.01f);
    for (const LegendEntry& entry : layout.legend) {
        CHECK(entry.rect.right() <= whole.right() + 0.01f);
        CHECK(entry.rect.bottom() <= whole.bottom());
        CHECK(entry.rect.y >= whole.y - 10);
    }
}

TEST_CASE("legend entries of lines that end at the top go down, not out of the plot", "[views]") {
    const RecordingCanvas canvas;
    PlotScene scene;
    for (int index = 0; index < 6; ++index)
        scene.series.push_back(line("s" + std::to_string(index), {{0, 0}, {1, 1 - index * 1e-4}}));
    fit_axes(scene);
    const PlotLayout layout = layout_plot(scene, canvas, whole);
    REQUIRE(layout.legend.size() == 6);
    for (std::size_t index = 0; index < 6; ++index) {
        CHECK(layout.legend[index].series == index);
        CHECK(layout.legend[index].rect.y >= layout.frame.y - 10);
    }
}

TEST_CASE("a legend without room says how many it leaves out", "[views]") {
    RecordingCanvas canvas;
    PlotScene scene = two_lines();
    for (int index = 0; index < 98; ++index)
        scene.series.push_back(line("series " + std::to_string(index), {{4096, 2.0 + index}}));
    fit_axes(scene);
    const PlotLayout layout = layout_plot(scene, canvas, whole);
    CHECK(int(layout.legend.size()) + layout.legend_left_out == 100);
    CHECK(layout.legend_left_out > 50);
    draw_plot(canvas, scene, layout);
    CHECK(canvas.has_text("and " + std::to_string(layout.legend_left_out) + " more"));
    for (const auto& text : canvas.texts) CHECK(text.at.y + 15 <= whole.bottom() + 1);
}

TEST_CASE("long names are shortened at a character", "[views]") {
    const RecordingCanvas canvas;
    CHECK(shortened(canvas, "short", TextStyle::body, 100) == "short");
    const std::string text = shortened(canvas, "äöüäöüäöüäöüäöü", TextStyle::body, 50);
    CHECK(canvas.text_size(text, TextStyle::body).x <= 50);
    CHECK(text.ends_with("…"));
    CHECK(text.size() % 2 == 1); // whole two-byte letters and the three-byte ellipsis
}

TEST_CASE("the crosshair snaps to the nearest visible sample and tells it exactly", "[views]") {
    const RecordingCanvas canvas;
    PlotScene scene = two_lines();
    const PlotLayout layout = layout_plot(scene, canvas, whole);
    const Point near = plot_point(scene, layout, 2048, 4);
    auto hit = nearest_sample(scene, layout, {near.x + 5, near.y - 4});
    REQUIRE(hit);
    CHECK((hit->series == 0 && hit->sample == 1));
    const auto lines = hover_lines(scene, hit->series, hit->sample);
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].value == "2\u2009048 tokens");
    CHECK(lines[1].value == "4 ms");
    CHECK(lines[2].value == "3.600 ms … 4.400 ms");
    CHECK(lines[3].value == "run-b");
    CHECK(!nearest_sample(scene, layout, {near.x, near.y - 200}));
    scene.series[0].is_hidden = true;
    hit = nearest_sample(scene, layout, near, 500);
    REQUIRE(hit);
    CHECK(hit->series == 1);
}

TEST_CASE("nearest sample agrees with trying all", "[views]") {
    const RecordingCanvas canvas;
    std::mt19937 random(7);
    std::uniform_real_distribution<double> unit(0, 1);
    PlotScene scene;
    for (int count : {1, 20, 300}) {
        std::vector<Sample> samples;
        for (int index = 0; index < count; ++index) samples.push_back({unit(random), unit(random)});
        std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.x < b.x; });
        scene.series.push_back(line("n", samples));
    }
    fit_axes(scene);
    const PlotLayout layout = layout_plot(scene, canvas, whole);
    for (int trial = 0; trial < 200; ++trial) {
        const Point mouse = {layout.frame.x + float(unit(random)) * layout.frame.width,
                             layout.frame.y + float(unit(random)) * layout.frame.height};
        float best = 40 * 40;
        bool found = false;
        for (const Series& series : scene.series)
            for (const Sample& sample : series.samples) {
                const Point p = plot_point(scene, layout, sample.x, sample.y);
                const float distance = (p.x - mouse.x) * (p.x - mouse.x) + (p.y - mouse.y) * (p.y - mouse.y);
                if (distance < best) best = distance, found = true;
            }
        const auto hit = nearest_sample(scene, layout, mouse);
        REQUIRE(hit.has_value() == found);
        if (hit) CHECK(std::hypot(hit->at.x - mouse.x, hit->at.y - mouse.y) == Approx(std::sqrt(best)).margin(1e-3));
    }
}

TEST_CASE("decimation keeps ends and spikes of every column", "[views]") {
    std::vector<Sample> samples;
    for (int index = 0; index < 100000; ++index) samples.push_back({double(index), std::sin(index * 1e-3)});
    samples[54321].y = 9;
    samples[12345].y = -9;
    const Axis x = {"", "", AxisScale::linear, 0, 99999};
    const auto kept = decimated(samples, x, 500);
    CHECK(kept.size() <= 4 * 502);
    CHECK(kept.front().x == 0);
    CHECK(kept.back().x == 99999);
    const auto has = [&](double y) {
        return std::any_of(kept.begin(), kept.end(), [y](const Sample& s) { return s.y == y; });
    };
    CHECK(has(9));
    CHECK(has(-9));
    CHECK(std::is_sorted(kept.begin(), kept.end(), [](const Sample& a, const Sample& b) { return a.x < b.x; }));
    CHECK(decimated(std::span(samples).first(100), x, 500).size() == 100);
    const auto part = decimated(samples, {"", "", AxisScale::linear, 1000.5, 1100.5}, 500);
    CHECK((part.front().x == 1000 && part.back().x == 1101 && part.size() == 102)); // one neighbour beyond each edge
}

TEST_CASE("the wheel zooms at the cursor, over an axis only along it", "[views]") {
    const RecordingCanvas canvas;
    PlotScene scene = two_lines();
    PlotCamera camera;
    PlotLayout layout = layout_plot(scene, canvas, whole);
    PlotInput input;
    input.hovered = true;
    input.wheel = 3;
    input.mouse = plot_point(scene, layout, 2048, 3);
    update_camera(camera, scene, layout, input);
    REQUIRE((camera.x && camera.y));
    CHECK((camera.x->min > scene.x.min && camera.x->max < scene.x.max));
    apply_camera(camera, scene);
    const Point after = plot_point(scene, layout, 2048, 3);
    CHECK(after.x == Approx(input.mouse.x).margin(0.05));
    CHECK(after.y == Approx(input.mouse.y).margin(0.05));

    PlotCamera along_x;
    scene = two_lines();
    input.mouse = {layout.frame.x + 100, layout.frame.bottom() + 10};
    update_camera(along_x, scene, layout, input);
    CHECK((along_x.x && !along_x.y));

    input.fit = true;
    update_camera(camera, scene, layout, input);
    CHECK((!camera.x && !camera.y));
}

TEST_CASE("zooming never ends in an interval that cannot be shown", "[views]") {
    const RecordingCanvas canvas;
    for (const AxisScale scale : {AxisScale::linear, AxisScale::log2})
        for (const float wheel : {40.f, -40.f}) {
            PlotScene scene = two_lines();
            scene.x.scale = scale;
            PlotCamera camera;
            for (int step = 0; step < 60; ++step) {
                apply_camera(camera, scene);
                const PlotLayout layout = layout_plot(scene, canvas, whole);
                CHECK(scene.x.min < scene.x.max);
                CHECK((std::isfinite(scene.x.min) && std::isfinite(scene.x.max)));
                CHECK(layout.x_ticks.size() < 100);
                PlotInput input;
                input.hovered = true;
                input.wheel = wheel;
                input.mouse = {layout.frame.x + 30, layout.frame.y + 30};
                update_camera(camera, scene, layout, input);
            }
        }
}

TEST_CASE("drag pans, a box zooms to itself, the legend toggles", "[views]") {
    const RecordingCanvas canvas;
    PlotScene scene = two_lines();
    PlotLayout layout = layout_plot(scene, canvas, whole);
    PlotCamera camera;
    PlotInput drag;
    drag.drag = {50, 20};
    const Point before = plot_point(scene, layout, 2048, 1);
    update_camera(camera, scene, layout, drag);
    apply_camera(camera, scene);
    const Point after = plot_point(scene, layout, 2048, 1);
    CHECK(after.x - before.x == Approx(50).margin(0.1));
    CHECK(after.y - before.y == Approx(20).margin(0.1));

    scene = two_lines();
    camera = {};
    PlotInput box;
    box.box_from = plot_point(scene, layout, 1024, 10);
    box.mouse = plot_point(scene, layout, 2048, 1);
    box.box_done = true;
    update_camera(camera, scene, layout, box);
    REQUIRE((camera.x && camera.y));
    CHECK(camera.x->min == Approx(1024).epsilon(1e-3));
    CHECK(camera.x->max == Approx(2048).epsilon(1e-3));
    CHECK(camera.y->min == Approx(1).epsilon(1e-2));
    CHECK(camera.y->max == Approx(10).epsilon(1e-2));

    PlotInput click;
    click.clicked = true;
    click.mouse = {layout.legend[0].rect.x + 5, layout.legend[0].rect.y + 5};
    CHECK(legend_series_at(layout, click.mouse) == std::size_t(0));
    CHECK(!legend_series_at(layout, {layout.frame.x, layout.frame.y}));
    update_camera(camera, scene, layout, click);
    CHECK(camera.hidden == std::set<std::string>{"slow"});
    apply_camera(camera, scene);
    CHECK((scene.series[0].is_hidden && !scene.series[1].is_hidden));
    update_camera(camera, scene, layout, click);
    CHECK(camera.hidden.empty());
    click.solo = true;
    update_camera(camera, scene, layout, click);
    CHECK(camera.hidden == std::set<std::string>{"fast"});
    update_camera(camera, scene, layout, click);
    CHECK(camera.hidden.empty());
}

TEST_CASE("odd data do not disturb a plot", "[views]") {
    RecordingCanvas canvas;
    PlotScene empty;
    draw_plot(canvas, empty, layout_plot(empty, canvas, whole));
    PlotScene scene;
    scene.x.scale = AxisScale::log2;
    scene.y.scale = AxisScale::log10;
    scene.series = {line("zero", {{0, 0}, {1, 1}, {2, NAN}, {4, INFINITY}}), line("", {})};
    scene.bars = {{1, 2, 3, rgb(0)}};
    scene.annotations = {{Annotation::Kind::point, -1, -1, "nowhere", rgb(0)},
                         {Annotation::Kind::vertical, 2, 0, "here", rgb(0)}};
    fit_axes(scene);
    for (const Rect rect : {whole, Rect{0, 0, 0, 0}, Rect{0, 0, 30, 2000}})
        draw_plot(canvas, scene, layout_plot(scene, canvas, rect));
    for (const auto& points : canvas.polylines)
        for (const Point p : points) CHECK((std::isfinite(p.x) && std::isfinite(p.y)));
}
