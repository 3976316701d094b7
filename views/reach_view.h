#pragma once
// Receptive field view: what reaches what through a stack of layers, how much is covered, and where the holes are.
#include "views/latest_job.h"
#include "views/plot_interaction.h"
#include "views/reach_scene.h"
#include "views/view.h"

namespace dilascope {

class ReachView final : public View {
public:
    ReachView();
    const char* name() const override { return "reach"; }
    const char* title() const override { return "Receptive field"; }
    const char* help() const override {
        return "How many layers each query needs to reach each key, coverage over layers, and the holes";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) override;
    bool is_complete() const override { return is_complete_; }

private:
    void update(const Workspace& workspace);
    void draw_controls(const Workspace& workspace, const Canvas& canvas);
    void draw_map(const Problem& problem, Canvas& canvas, const ReachLayout& layout, const MatrixFrame& frame);
    void draw_map_hover(Workspace& workspace, Canvas& canvas, const MatrixFrame& frame);
    void draw_coverage(Canvas& canvas, Rect where);
    void draw_rows(Workspace& workspace, Canvas& canvas, Rect where);
    void apply_phase(Workspace& workspace) const;

    LatestJob<ReachRequest, ReachAnswer> job_;
    std::shared_ptr<const ReachAnswer> answer_;
    std::vector<ReachRow> rows_;
    std::vector<std::uint32_t> rgba_;
    std::uint64_t image_version_ = 0;
    int painted_theme_ = -1;
    PlotCamera plot_camera_;
    int layers_ = 4;
    bool alternates_ = false; // with the pattern kept as A
    bool was_hovered_ = false, is_complete_ = false;
};

} // namespace dilascope
