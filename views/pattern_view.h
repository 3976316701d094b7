#pragma once
// Pattern view: the attention matrix of one head from a million tokens down to one, with exact density at every zoom.
#include "views/latest_picture.h"
#include "views/matrix_mouse.h"
#include "views/pattern_legend.h"
#include "views/pattern_tools.h"
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
        const PictureRequest& shown = picture_.shown().picture.request;
        return shown.rows > 0 ? shown.problem.seq_len : 0;
    }

private:
    void draw_toolbar(Workspace& workspace, Canvas& canvas);
    void draw_tiles(const Workspace& workspace, Canvas& canvas, const MatrixFrame& frame);
    void draw_menu(Workspace& workspace, const MatrixFrame& frame);
    void draw_column(Workspace& workspace, Canvas& canvas, Rect column, const MatrixFrame& frame);
    void handle_divider(Canvas& canvas, Rect viewport);
    float divider_x(Rect viewport) const;
    static bool is_swiping(const Workspace& workspace) { return workspace.shown_compared() == Compared::swipe; }
    // What strips, tiles and map are of: B when A is shown beside it.
    static Compared primary(const Workspace& workspace) {
        return is_swiping(workspace) ? Compared::b : workspace.shown_compared();
    }
    void dress(PictureRequest& request, const Workspace& workspace, Compared shown) const;
    PictureRequest request_of(const Workspace& workspace, const MatrixFrame& frame, float scale, Compared shown) const;
    const PaintedPicture& update_picture(const Workspace& workspace, const MatrixFrame& frame, float scale);
    void update_totals(const Workspace& workspace);
    LegendOf legend_of(const Workspace& workspace, const PictureRequest& shown, const PictureRequest* a,
                       double pixels_per_token);
    std::vector<std::string> hover_lines(const Workspace& workspace, const PaintedPicture& painted) const;

    LatestPicture picture_, a_picture_, map_;
    std::atomic<float> scores_progress_ = 0;
    LatestJob<PictureRequest, PaintedPicture> scored_; // after what scored_ writes to
    LatestJob<DiffRequest, DiffTotals> diffs_;
    std::shared_ptr<const DiffTotals> totals_; // null unless those of what is shown
    std::shared_ptr<const PaintedPicture> scored_picture_;
    int only_branch_ = -1;
    bool has_scores_ = false;
    PatternTools tools_;
    float divider_ = 0.5f; // of the matrix' width
    TileOverlay tiles_;
    MatrixMouse mouse_;
    bool is_complete_ = true;
};

} // namespace dilascope
