#pragma once
// FrameTimes: how long frames took, without waiting for the display: a readout, percentiles, a histogram. Frames that
// left the picture as it was are counted apart: they are quick, and would make the others look better than they are.
#include "engine/result.h"
#include <filesystem>
#include <vector>

namespace dilascope {

class FrameTimes {
public:
    void add(double time_ms, bool has_changed);
    int count() const { return int(times_ms_.size()) + unchanged_; } // all frames
    // p in 0 … 100, of the frames that changed the picture; 0 when there are none.
    double percentile_ms(double p) const;
    double longest_ms() const { return longest_ms_; } // of all frames
    // Median of the last second's worth of frames that changed the picture, for the status bar.
    double recent_ms() const;
    double startup_ms = 0; // from the start of the program to the first frame shown

    // Writes {"frames" (that changed the picture), "frames_unchanged", "startup_ms", "frame_ms_p50", "frame_ms_p99",
    // "frame_ms_max", "histogram_ms": [[upper, frames up to it] …]}.
    Result<void> write_json(const std::filesystem::path& path) const;

private:
    std::vector<double> times_ms_;
    int unchanged_ = 0;
    double longest_ms_ = 0;
};

} // namespace dilascope
