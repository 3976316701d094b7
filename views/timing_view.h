#pragma once
// TimingView: stored timings as curves over an axis, and the live timing among them.
#include "views/latest_job.h"
#include "views/plot_interaction.h"
#include "views/timing_scene.h"
#include "views/view.h"

namespace dilascope {

class TimingView final : public View {
public:
    TimingView();
    const char* name() const override { return "timing"; }
    const char* title() const override { return "Timing"; }
    const char* help() const override {
        return "Time or throughput over sequence length or another number, with 95 % intervals, and the live timing";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool draw_figure(const Workspace& workspace, Canvas& canvas, Rect rect) override;

    bool is_complete() const override { return is_complete_; }
    bool shows_live() const override { return true; }

private:
    void update_request(const Workspace& workspace);
    void remember_live(const Workspace& workspace);
    void update_scene(); // picture_ and history_ → scene_
    void draw_toolbar(Workspace& workspace, Canvas& canvas);
    void draw_axis_choice();
    void draw_live(const Workspace& workspace, Canvas& canvas, Rect area) const;
    void draw_menu();

    LatestJob<TimingRequest, TimingPicture> pictures_;
    TimingRequest request_;
    std::shared_ptr<const TimingPicture> picture_; // the newest finished
    std::vector<LiveTiming> history_;              // oldest first
    PlotScene scene_;
    bool scene_is_old_ = true;
    bool is_complete_ = true;
    PlotCamera camera_;
    std::optional<HoverLine> menu_value_; // of the sample under the mouse when the menu was opened
};

} // namespace dilascope
