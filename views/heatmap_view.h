#pragma once
// Heatmap view: the attention weights of one head where the camera looks, recomputed by the live engine on demand.
#include "views/latest_job.h"
#include "views/matrix_mouse.h"
#include "views/pattern_scene.h"
#include "views/range_control.h"
#include "views/view.h"

namespace dilascope {

// What to ask the live engine for, so that `frame` is covered at its own resolution. The region is the visible one
// grown to a coarse grid, so that a small pan asks for nothing new.
HeatmapRequest heatmap_request(std::int64_t head, const MatrixFrame& frame, float scale);

class HeatmapView final : public View {
public:
    HeatmapView();
    const char* name() const override { return "heatmap"; }
    const char* title() const override { return "Heatmap"; }
    const char* help() const override {
        return "Attention weights of the visible part of one head, computed on demand";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) override;
    bool is_complete() const override { return is_complete_; }
    bool shows_live() const override { return true; }

private:
    bool take_heatmap(const Workspace& workspace);
    void repaint();
    void draw_picture(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame, bool dimmed);
    void draw_overlay(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame);
    void draw_column(Workspace& workspace, Canvas& canvas, Rect column);
    bool draw_empty(Workspace& workspace, Canvas& canvas);
    void draw_menu(Workspace& workspace, const MatrixFrame& frame);

    std::shared_ptr<const Heatmap> heatmap_; // shown: the last good one
    WeightStatistics statistics_;
    ColourBar bar_;
    bool is_fitted_ = true; // the range follows the data
    bool has_overlay_ = false;
    float overlay_opacity_ = 0.4f;
    std::vector<std::uint32_t> rgba_;
    std::uint64_t image_version_ = 0;

    LatestJob<PictureRequest, PaintedPicture> overlays_;
    std::shared_ptr<const PaintedPicture> overlay_;
    std::vector<std::uint32_t> overlay_rgba_; // with the opacity
    std::uint64_t overlay_source_ = 0, overlay_version_ = 0;
    float overlay_painted_opacity_ = -1;
    MatrixMouse mouse_;
    RangeControl range_;
    bool is_complete_ = true;
};

} // namespace dilascope
