#pragma once
// The pictures of the Hilbert lab: the curve over its grid, the matrix before and after, the table of metrics. Drawn by
// the view and by its figure.
#include "views/canvas.h"
#include "views/curve_path.h"
#include "views/order_metrics.h"
#include "views/order_pictures.h"

namespace dilascope {

// Empty where there is no room.
struct OrderLayout {
    Rect grid, before, after, table;
};
OrderLayout layout_order(Rect area);

struct CurveScene {
    const CurvePath& path;
    Order order; // valid for the tokens
    std::int64_t token_count = 0;
    double walked = 1;                 // share of the curve that is drawn in colour, 0 … 1
    std::int64_t query = -1, key = -1; // tokens to mark; −1: none
};
// The cells inside `space`, square and as large as fits, below the caption.
Rect curve_rect(const CurveScene& scene, Rect space);
void draw_curve(Canvas& canvas, const CurveScene& scene, Rect space);

void draw_order_picture(Canvas& canvas, const PaintedPicture& painted, Rect space, const char* key,
                        std::string_view caption, std::string_view axes);

inline constexpr float metrics_row = 24, metrics_header = 78;
// Right end of each column that fits into the table, in their order; none when only the headline fits.
std::vector<float> metrics_columns(Rect table);
void draw_metrics(Canvas& canvas, const OrderMetrics& metrics, Curve chosen, Rect table);

} // namespace dilascope
