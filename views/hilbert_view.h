#pragma once
// Hilbert lab: the order of tokens along a curve: drawn, animated, counted, tried on the present pattern, applied to
// it.
#include "views/field_editor.h"
#include "views/latest_job.h"
#include "views/order_scene.h"
#include "views/view.h"

namespace dilascope {

struct LabSettings {
    Order order{Curve::hilbert};
    std::int64_t reach = 4, tile = 64;
    double seconds = 10;

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"curve", "The walk through the grid"}, self.order.curve);
        v(Field{"grid", "Cells across and down, such as 64x48; auto: as square as can be"}, self.order.grid);
        v(Field{"use", "What the order is for"}, self.order.use);
        v(Field{"reach", "Reach of the window on the grid in x and y", "cells", 1, 64}, self.reach);
        v(Field{"tile", "Side of the tiles a kernel computes", "tokens", 8, 1024}, self.tile);
        v(Field{"seconds", "How long the animation takes from end to end", "s", 1, 120}, self.seconds);
    }
};

class HilbertView final : public View {
public:
    HilbertView();
    const char* name() const override { return "hilbert"; }
    const char* title() const override { return "Hilbert lab"; }
    const char* help() const override {
        return "Orders of the tokens along row, snake, Morton and Hilbert curves, and what they keep near";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool draw_figure(const Workspace& workspace, Canvas& canvas, Rect figure) override;
    bool is_complete() const override { return is_complete_ && !is_playing_; }

private:
    void follow(const Workspace& workspace);
    void draw_controls(Workspace& workspace, const Canvas& canvas);
    void draw_play(const Canvas& canvas);
    void draw_apply(Workspace& workspace);
    void draw_grid(Workspace& workspace, Canvas& canvas, Rect space);
    void draw_results(Workspace& workspace, Canvas& canvas, const OrderLayout& layout);
    void draw_scene(Canvas& canvas, const OrderLayout& layout);
    Order placed_order(std::int64_t token_count) const; // both sides of the grid chosen
    const CurvePath& path(const Order& order, std::int64_t token_count);

    LabSettings settings_;
    FieldEditor editor_{"hilbert"};
    LatestJob<OrderPicturesRequest, OrderPictures> picture_job_;
    LatestJob<OrderMetricsRequest, OrderMetrics> metrics_job_;
    std::shared_ptr<const OrderPictures> pictures_;
    std::shared_ptr<const OrderMetrics> metrics_;
    CurvePath path_;
    Order path_order_;
    std::int64_t path_tokens_ = 0;
    std::uint64_t version_ = 0; // of the configuration last followed
    std::string error_;         // why the grid cannot hold the tokens
    double walked_ = 1;         // share of the curve
    bool is_playing_ = false, is_complete_ = true;
};

} // namespace dilascope
