#pragma once
// Pattern view: the attention matrix of one head from a million tokens down to one, with exact density at every zoom.
#include "views/diff_totals.h"
#include "views/latest_job.h"
#include "views/matrix_mouse.h"
#include "views/pattern_scene.h"
#include "views/tile_overlay.h"
#include "views/view.h"

namespace dilascope {

class PatternView final : public View {
public:
    PatternView();
    const char* name() const override { return "pattern"; }
    const char* title() const override { return "Pattern"; }
    const char* help() const override { return "Which query sees which key, per head, at any zoom, with exact counts"; }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) override;
    bool is_complete() const override { return is_complete_; }
    // Queries of the problem whose picture is shown; 0 before the first.
    std::int64_t shown_tokens() const {
        return shown_ && shown_->picture.request.rows > 0 ? shown_->picture.request.problem.seq_len : 0;
    }

private:
    enum Shown { shown_a, shown_b, shown_difference }; // B is the present pattern
    void draw_toolbar(Workspace& workspace, Canvas& canvas);
    void draw_tools(Workspace& workspace, Canvas& canvas);
    void draw_compare(Workspace& workspace, Canvas& canvas);
    void draw_tiles(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame);
    void update_totals(const Workspace& workspace, const PictureRequest& shown);
    void take_keys(const Workspace& workspace);
    void dress(PictureRequest& request, const Workspace& workspace) const;
    bool has_a(const Workspace& workspace) const {
        return workspace.compare_pattern && workspace.compare_error.empty();
    }
    void draw_menu(Workspace& workspace, const MatrixFrame& frame);
    void draw_column(Workspace& workspace, Canvas& canvas, Rect column, const MatrixFrame& frame);
    void update_picture(const Workspace& workspace, const MatrixFrame& frame, float scale);

    LatestJob<PictureRequest, PaintedPicture> pictures_, maps_;
    LatestJob<DiffRequest, DiffTotals> diffs_;
    std::shared_ptr<const DiffTotals> totals_; // null unless those of what is shown
    std::shared_ptr<const PaintedPicture> shown_, map_;
    int only_branch_ = -1;
    int shown_pattern_ = shown_b;
    bool has_multiplicity_ = false, has_tiles_ = false;
    TileOverlay tiles_;
    MatrixMouse mouse_;
    bool is_complete_ = true;
};

} // namespace dilascope
