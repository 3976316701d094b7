#include "app/live_run.h"

namespace dilascope {

void LiveRun::follow(const Workspace& workspace, std::shared_ptr<const Qkv> tensors) {
    if (!workspace.live_enabled || !workspace.config_error.empty()) return;
    // A view that is not shown wants no heatmap; that is no reason to compute anything again.
    const bool wants_heatmap = workspace.heatmap.rows > 0 && !(workspace.heatmap == heatmap_);
    if (generation_ > 0 && workspace.version == version_ && tensors == tensors_ && !wants_heatmap) return;
    version_ = workspace.version;
    tensors_ = tensors;
    heatmap_ = workspace.heatmap;
    generation_ = engine_.submit({workspace.config, std::move(tensors), workspace.heatmap});
}

void LiveRun::report(Workspace& workspace) const {
    workspace.live = engine_.latest();
    workspace.live_pending_s = engine_.pending_s();
}

bool LiveRun::is_idle() const {
    if (generation_ == 0) return true;
    const std::shared_ptr<const LiveResult> latest = engine_.latest();
    return !engine_.busy() && latest && latest->generation == generation_;
}

} // namespace dilascope
