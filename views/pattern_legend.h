#pragma once
// The legend beside a picture of a pattern: what its colours mean, and the scale of its opacity.
#include "views/canvas.h"
#include "views/diff_totals.h"
#include "views/pattern_image.h"

namespace dilascope {

inline constexpr float legend_row = 24, legend_header = 22;

// What it stands beside.
struct LegendOf {
    const PictureRequest& request;
    const PictureRequest* a = nullptr;  // when A is shown beside it
    const DiffTotals* totals = nullptr; // when A takes part; null while they are not known
    std::string scores;                 // of mixing: where the shares come from
    double pixels_per_token = 0;
    bool has_a() const { return a || request.colours == PictureColours::difference; }
};

// From the top of `column`: a row for each branch, count or side of a difference, the exact totals of A and B, then the
// opacity scale when cells are smaller than gaps between them; returns the height used.
float draw_legend(Canvas& canvas, const LegendOf& of, Rect column);

} // namespace dilascope
