#pragma once
// FrameTimes: how long frames took, without waiting for the display: a readout, percentiles, a histogram.
#include "engine/result.h"
#include <filesystem>
#include <vector>

namespace dilascope {

class FrameTimes {
public:
    void add(double time_ms);
    int count() const { return int(times_ms_.size()); }
    // p in 0 … 100, of all frames; 0 when there are none.
    double percentile_ms(double p) const;
    double longest_ms() const;
    // Median of the last second's worth of frames, for the status bar.
    double recent_ms() const;
    double startup_ms = 0; // from the start of the program to the first frame shown

    // Writes {"frames", "startup_ms", "frame_ms_p50", "frame_ms_p99", "frame_ms_max", "histogram_ms": [[upper, frames
    // up to it] …]}.
    Result<void> write_json(const std::filesystem::path& path) const;

private:
    std::vector<double> times_ms_;
};

} // namespace dilascope
