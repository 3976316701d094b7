#pragma once
// The timing plot as a PlotScene: finished runs as one curve for each configuration but for the axis chosen.
#include "experiments/live.h"
#include "experiments/run.h"
#include "views/plot_scene.h"
#include <atomic>
#include <memory>
#include <set>

namespace dilascope {

enum class TimingMeasure : std::uint8_t { time, throughput };

struct TimingRequest {
    std::shared_ptr<const std::vector<Run>> runs; // may be null
    std::set<std::string> selected;               // run ids; empty: all
    std::string axis = "seq_len";                 // a number field of Case
    TimingMeasure measure = TimingMeasure::time;
    bool log_x = true, log_y = true;
    friend bool operator==(const TimingRequest&, const TimingRequest&) = default;
};

// A field of Case that can be the axis, and how many values the plotted runs have of it.
struct AxisChoice {
    std::string name;
    int value_count = 0;
};

struct TimingPicture {
    TimingRequest request;
    PlotScene scene; // curves in order of their oldest run, so that a new one does not recolour the others
    std::vector<AxisChoice> axes;
    std::string common;      // what all curves share: "cpu · f32 · heads 8 · head_dim 64"
    int run_count = 0;       // plotted: done, timed, the newest of each case
    int series_left_out = 0; // beyond what a plot can show
};

TimingPicture make_timing_picture(const TimingRequest& request, const std::atomic<bool>& cancel);

// One point of the live engine's past: where it stands in the plot's axes.
struct LiveTiming {
    std::uint64_t generation = 0;
    Case config;
    double time_ms = 0, gflop_per_s = 0;
    std::vector<double> times_ms;
};
LiveTiming live_timing(const LiveResult& result);

// Adds the live timings (oldest first): the newest as a labelled point, the others as faint rings.
void add_live(PlotScene& scene, const TimingRequest& request, const std::vector<LiveTiming>& history);

} // namespace dilascope
