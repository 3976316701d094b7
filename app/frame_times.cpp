#include "app/frame_times.h"
#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

namespace dilascope {

static double percentile_of(std::vector<double> values, double p) {
    if (values.empty()) return 0;
    // Nearest rank: a time that a frame really took.
    const double rank = std::ceil(p / 100 * double(values.size()));
    const auto index = std::clamp<std::ptrdiff_t>(std::ptrdiff_t(rank) - 1, 0, std::ptrdiff_t(values.size()) - 1);
    std::nth_element(values.begin(), values.begin() + index, values.end());
    return values[std::size_t(index)];
}

void FrameTimes::add(double time_ms, bool has_changed) {
    longest_ms_ = std::max(longest_ms_, time_ms);
    if (has_changed) {
        times_ms_.push_back(time_ms);
    } else {
        ++unchanged_;
    }
}

double FrameTimes::percentile_ms(double p) const { return percentile_of(times_ms_, p); }

double FrameTimes::recent_ms() const {
    const std::size_t count = std::min<std::size_t>(times_ms_.size(), 60);
    return percentile_of({times_ms_.end() - std::ptrdiff_t(count), times_ms_.end()}, 50);
}

Result<void> FrameTimes::write_json(const std::filesystem::path& path) const {
    nlohmann::ordered_json json = {{"frames", times_ms_.size()},        {"frames_unchanged", unchanged_},
                                   {"startup_ms", startup_ms},          {"frame_ms_p50", percentile_ms(50)},
                                   {"frame_ms_p99", percentile_ms(99)}, {"frame_ms_max", longest_ms()}};
    json["histogram_ms"] = nlohmann::ordered_json::array();
    for (double upper : {1., 2., 4., 6., 8., 10., 12., 14., 16., 20., 33., 50., 100., 1000.}) {
        const auto below =
            std::count_if(times_ms_.begin(), times_ms_.end(), [&](double time) { return time <= upper; });
        json["histogram_ms"].push_back({upper, below});
    }
    std::ofstream file(path);
    file << json.dump(2) << "\n";
    file.flush();
    if (!file) return fail(path.string() + ": the frame times cannot be written; check the folder and the free space");
    return {};
}

} // namespace dilascope
