#pragma once
// LiveRun: keeps the engine computing what the workspace shows now: submits when the configuration, the tensors or the
// heatmap's part changes, and hands the newest finished result back.
#include "experiments/live.h"
#include "views/workspace.h"
#include <memory>

namespace dilascope {

class LiveRun {
public:
    // Submits when something changed since the last submission. `tensors`: null for generated ones.
    void follow(const Workspace& workspace, std::shared_ptr<const Qkv> tensors);
    // Writes the newest result and the age of the request under way into the workspace.
    void report(Workspace& workspace) const;
    // The newest result answers the newest request.
    bool is_idle() const;
    // There is a newer result than the workspace shows.
    bool has_news(const Workspace& workspace) const { return engine_.latest() != workspace.live; }
    std::uint64_t generation() const { return generation_; }

private:
    LiveEngine engine_{LivePriority::below_window};
    std::uint64_t generation_ = 0, version_ = 0;
    HeatmapRequest heatmap_;
    std::shared_ptr<const Qkv> tensors_;
};

} // namespace dilascope
