#pragma once
// The legend beside a picture of a pattern: what its colours mean, and the scale of its opacity.
#include "views/canvas.h"
#include "views/diff_totals.h"
#include "views/pattern_image.h"

namespace dilascope {

inline constexpr float legend_row = 24, legend_header = 22;

// From the top of `column`: a row for each branch, count or side of a difference, then the opacity scale when cells are
// smaller than gaps between them; returns the height used.
// Of a difference `totals` are its exact pairs; null while they are not known.
float draw_legend(Canvas& canvas, const PictureRequest& request, const DiffTotals* totals, Rect column,
                  double pixels_per_token);

} // namespace dilascope
