#include "views/pattern_legend.h"
#include "engine/pattern/pattern_text.h"
#include "views/fitted_text.h"
#include "views/matrix_plot.h"
#include "views/number_format.h"
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
    case PictureColours::mixing:
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
    case PictureColours::mixing: return "softmax mixing";
    default: return "branches";
    }
}

void draw_opacity_scale(Canvas& canvas, PictureColours pictured, Rect where) {
    const Theme& colours = theme();
    const bool is_share = pictured == PictureColours::mixing;
    canvas.text({where.x, where.y}, is_share ? "share of the row" : "density of a pixel", TextStyle::caption,
                colours.muted);
    const float top = where.y + 20, left = where.x, width = where.width;
    for (float step = 0; step < width; step += 2) { // linear in √density, as the eye takes opacity; or in the share
        const float part = step / width;
        canvas.filled_rectangle({left + step, top, 2, 8},
                                colours.text.with_alpha(is_share ? share_alpha(part) : density_alpha(part * part)));
    }
    for (const auto& [value, label] : {std::pair{0.f, "0"}, {0.1f, "10"}, {0.5f, "50"}, {1.f, "100 %"}}) {
        const Align align = value == 0 ? Align::left : Align::centre;
        if (is_share && value == 0.1f) continue; // no room
        canvas.text({left + width * (is_share ? value : std::sqrt(value)), top + 11}, label, TextStyle::caption_number,
                    colours.muted, align);
    }
}

// Lines of a legend, one below the other.
class Lines {
public:
    Lines(Canvas& canvas, Rect column, float top) : canvas_(canvas), column_(column), top_(top) {}
    void add(const std::string& text, TextStyle style, Colour colour) {
        canvas_.text({column_.x, top_}, shortened(canvas_, text, style, column_.width), style, colour);
        top_ += 19;
    }
    float top() const { return top_; }

private:
    Canvas& canvas_;
    Rect column_;
    float top_;
};

// The exact pairs that A and B share and do not share, and what they cost.
float draw_totals(Canvas& canvas, const DiffTotals* totals, Rect column, float top) {
    const Theme& colours = theme();
    Lines lines(canvas, column, top);
    if (!totals || !totals->diff) {
        lines.add(totals ? totals->error : "counting pairs …", TextStyle::caption, colours.muted);
        return lines.top();
    }
    const PatternDiff& diff = *totals->diff;
    const auto add = [&](const std::string& label, const std::string& value) {
        if (lines.top() + 2 * 19 > column.bottom()) return; // no room: what matters most came first
        lines.add(label, TextStyle::caption, colours.muted);
        lines.add(value, TextStyle::caption_number, colours.text);
    };
    for (const auto& [sides, count] : {std::pair{"A \\ B", diff.only_a}, {"B \\ A", diff.only_b}, {"A ∩ B", diff.both}})
        add(fmt::format("{}: {}", sides, format_si(totals->flop(count), "FLOP").joined()),
            canvas.text_size(format_exact(count, "pairs"), TextStyle::caption_number).x <= column.width
                ? format_exact(count, "pairs")
                : format_count(count));
    add("Jaccard, A ∩ B ÷ A ∪ B", format_significant(diff.jaccard()));
    return lines.top();
}

float draw_rows(Canvas& canvas, const PictureRequest& request, Rect column, float top) {
    const Theme& colours = theme();
    for (const Row& row : legend_rows(request)) {
        canvas.filled_rectangle({column.x, top + 4, 12, 12}, row.colour.with_alpha(row.is_shown ? 1.f : 0.25f), 3);
        canvas.text({column.x + 20, top + 2}, shortened(canvas, row.label, TextStyle::number, column.width - 20),
                    TextStyle::number, row.is_shown ? colours.text : colours.disabled);
        top += legend_row;
    }
    return top;
}

} // namespace

float draw_legend(Canvas& canvas, const LegendOf& of, Rect column) {
    if (column.width <= 0) return 0;
    const Theme& colours = theme();
    const PictureRequest& request = of.request;
    const bool is_mixing = request.colours == PictureColours::mixing;
    canvas.text({column.x, column.y}, legend_title(request.colours), TextStyle::caption, colours.muted);
    float top = column.y + legend_header;
    if (of.a) {
        for (const auto& [name, shown] : {std::pair{"A  ", of.a}, {"B  ", &request}}) {
            Lines(canvas, column, top).add(name + to_text(shown->pattern), TextStyle::caption, colours.muted);
            top = draw_rows(canvas, *shown, column, top + 19);
        }
    } else {
        top = draw_rows(canvas, request, column, top);
    }
    if (request.colours == PictureColours::difference) {
        Lines lines(canvas, column, top);
        lines.add("A  " + request.compare_text, TextStyle::caption, colours.muted);
        lines.add("B  " + to_text(request.pattern), TextStyle::caption, colours.muted);
        top = lines.top();
    }
    if (of.has_a()) top = draw_totals(canvas, of.totals, column, top + space::gap);
    if (is_mixing)
        top += draw_wrapped(canvas, of.scores, TextStyle::caption, colours.muted, {column.x, top, column.width, 0});
    if (of.pixels_per_token >= cell_gap_pixels && !is_mixing) return top - column.y;
    top += space::gap;
    draw_opacity_scale(canvas, request.colours, {column.x, top, column.width - 16, 0});
    return top + 48 - column.y;
}

} // namespace dilascope
