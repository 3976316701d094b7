#pragma once
// LiveEngine: runs the newest request in the background; an older one is cancelled. The UI asks each frame and never
// waits.
#include "engine/pattern/count.h"
#include "experiments/case.h"
#include "experiments/qkv.h"
#include <memory>
#include <vector>

namespace dilascope {

// Attention weights of one head over a region, as pixels. A pixel's value is the sum of a query's weights over the
// pixel's keys (each row of the whole matrix sums to 1), averaged over the pixel row's queries, or over some of them
// when they are many (shown_queries() of engine/weights.h).
struct HeatmapRequest {
    std::int64_t head = 0;
    Region region;
    std::int64_t rows = 0, columns = 0; // pixels; 0: no heatmap wanted
    friend bool operator==(const HeatmapRequest&, const HeatmapRequest&) = default;
};

struct Heatmap {
    HeatmapRequest request;
    std::vector<float> weights;         // rows × columns, row-major
    std::int64_t queries_per_pixel = 1; // at most
};

struct LiveRequest {
    Case config;
    std::shared_ptr<const Qkv> tensors; // null: generated from config
    HeatmapRequest heatmap;
};

struct LiveResult {
    std::uint64_t generation = 0; // of the request that produced it
    Case config;
    std::string error; // empty when everything below holds
    std::string backend, kernel;
    std::string passed_over;      // what backend=auto passed over, and why
    double time_ms_median = 0;    // of `times_ms`
    std::vector<double> times_ms; // quick repeats: 5, or more when those disagree
    bool is_settled = true;       // false: a result with better times, or its first ones, is to follow
    double gflop_per_s = 0;
    std::string verdict; // against the reference on a few sampled rows
    std::shared_ptr<const Heatmap> heatmap;
};

// below_window: runs on CPU time that nobody else wants, so that frames come first on few cores.
enum class LivePriority : std::uint8_t { normal, below_window };

class LiveEngine {
public:
    explicit LiveEngine(LivePriority priority = LivePriority::normal);
    ~LiveEngine();
    // Returns the request's generation at once; cancels whatever ran before.
    std::uint64_t submit(LiveRequest request);
    // The newest result, or null; the last one stays while a newer request runs. When a request takes long, its heatmap
    // comes first, with the verdict "timing …"; when its first times disagree, they come before the better ones. Calls
    // of more than ten seconds are drawn but not timed; the verdict says so. A request that only changes the heatmap
    // keeps the times of its case.
    std::shared_ptr<const LiveResult> latest() const;
    bool busy() const;
    // Seconds since the pending request was submitted; 0 when idle.
    double pending_s() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace dilascope
