#include "views/pattern_legend.h"
#include "engine/pattern/pattern_text.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
#include "views/plot_layout.h"
#include "views/theme.h"
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

namespace {

struct Row {
    Colour colour;
    std::string label;
    bool is_shown = true;
};

std::vector<Row> legend_rows(const PictureRequest& request) {
    std::vector<Row> rows;
    switch (request.colours) {
    case PictureColours::branches:
        for (int branch = 0; branch < branch_count(request.pattern); ++branch)
            rows.push_back({branch_colour(branch), branch_label(request.pattern, branch),
                            request.only_branch < 0 || request.only_branch == branch});
        break;
    case PictureColours::multiplicity: {
        constexpr int rows_max = 8;
        const int most = most_multiplicity(request.pattern), step = (most + rows_max - 1) / rows_max;
        for (int times = 1; times <= most; times += step)
            rows.push_back({multiplicity_colour(float(times), most), fmt::format("{} ×", times)});
        break;
    }
    case PictureColours::difference:
        rows = {{difference_colour(1, 0), "A only"},
                {difference_colour(1, 1), "both"},
                {difference_colour(0, 1), "B only"}};
        break;
    }
    return rows;
}

const char* legend_title(PictureColours colours) {
    switch (colours) {
    case PictureColours::multiplicity: return "a pair counts";
    case PictureColours::difference: return "density, B − A";
    default: return "branches";
    }
}

void draw_density_scale(Canvas& canvas, float left, float top, float width) {
    const Theme& colours = theme();
    canvas.text({left, top}, "density of a pixel", TextStyle::caption, colours.muted);
    top += 20;
    for (float step = 0; step < width; step += 2) { // linear in √density, as the eye takes opacity
        const float root = step / width;
        canvas.filled_rectangle({left + step, top, 2, 8}, colours.text.with_alpha(density_alpha(root * root)));
    }
    for (const auto& [density, label] : {std::pair{0.f, "0"}, {0.1f, "10"}, {0.5f, "50"}, {1.f, "100 %"}}) {
        const Align align = density == 0 ? Align::left : Align::centre;
        canvas.text({left + width * std::sqrt(density), top + 11}, label, TextStyle::caption_number, colours.muted,
                    align);
    }
}

// Which patterns A and B are, and the exact pairs; returns where it ends.
float draw_difference(Canvas& canvas, const PictureRequest& request, const DiffTotals* totals, Rect column, float top) {
    const Theme& colours = theme();
    const auto line = [&](const std::string& text, TextStyle style, Colour colour) {
        canvas.text({column.x, top}, shortened(canvas, text, style, column.width), style, colour);
        top += 19;
    };
    line("A  " + request.compare_text, TextStyle::caption, colours.muted);
    line("B  " + to_text(request.pattern), TextStyle::caption, colours.muted);
    top += space::gap;
    if (!totals) {
        line("counting pairs …", TextStyle::caption, colours.muted);
        return top;
    }
    if (!totals->diff) {
        line(totals->error, TextStyle::caption, colours.muted);
        return top;
    }
    const PatternDiff& diff = *totals->diff;
    for (const auto& [label, count] :
         {std::pair{"A \\ B, pairs", diff.only_a}, {"A ∩ B", diff.both}, {"B \\ A", diff.only_b}}) {
        line(label, TextStyle::caption, colours.muted);
        line(format_count(count), TextStyle::caption_number, colours.text);
    }
    line("Jaccard, A ∩ B ÷ A ∪ B", TextStyle::caption, colours.muted);
    line(format_significant(diff.jaccard()), TextStyle::caption_number, colours.text);
    return top;
}

} // namespace

float draw_legend(Canvas& canvas, const PictureRequest& request, const DiffTotals* totals, Rect column,
                  double pixels_per_token) {
    if (column.width <= 0) return 0;
    const Theme& colours = theme();
    canvas.text({column.x, column.y}, legend_title(request.colours), TextStyle::caption, colours.muted);
    float top = column.y + legend_header;
    for (const Row& row : legend_rows(request)) {
        canvas.filled_rectangle({column.x, top + 4, 12, 12}, row.colour.with_alpha(row.is_shown ? 1.f : 0.25f), 3);
        canvas.text({column.x + 20, top + 2}, shortened(canvas, row.label, TextStyle::number, column.width - 20),
                    TextStyle::number, row.is_shown ? colours.text : colours.disabled);
        top += legend_row;
    }
    if (request.colours == PictureColours::difference) top = draw_difference(canvas, request, totals, column, top);
    if (pixels_per_token >= cell_gap_pixels) return top - column.y;
    top += space::gap;
    draw_density_scale(canvas, column.x, top, column.width - 16);
    return top + 48 - column.y;
}

} // namespace dilascope
