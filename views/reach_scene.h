#pragma once
// The receptive field as data and pictures: depth map, coverage plot, rows of findings; alike on screen and in figures.
#include "views/matrix_camera.h"
#include "views/plot_layout.h"
#include "views/reach_job.h"

namespace dilascope {

// Where a click on a row leads: a cell, and how many tokens around it are worth seeing.
struct ReachJump {
    std::int64_t q = 0, k = 0, size = 1;
};

struct ReachRow {
    enum class Kind : std::uint8_t { title, fact, note, trouble, apply };
    Kind kind = Kind::fact;
    std::string id; // of its item, "hole/query/0"
    std::string label, value, help;
    std::optional<ReachJump> jump;
};
std::vector<ReachRow> reach_rows(const ReachAnswer& answer);

// Coverage in per cent over layers, with its interval when sampled.
PlotScene coverage_plot(const ReachAnswer& answer);

// Colour of a depth among `layers`; of DepthPixel::never the theme's own.
Colour depth_colour(std::int32_t depth, int layers);
// Each pixel in the colour of its least depth; transparent without allowed pairs.
std::vector<std::uint32_t> paint_depths(const ReachAnswer& answer);
void draw_depth_legend(Canvas& canvas, int layers, Rect where);

struct ReachLayout {
    Rect matrix, legend, plot, rows; // the rows' height is as the room has it; they may go on below
};
ReachLayout layout_reach(Rect area);

// Where each row lies in `where`, notes wrapped; the last one may end below.
std::vector<Rect> place_rows(const Canvas& canvas, const std::vector<ReachRow>& rows, Rect where);
void draw_row(Canvas& canvas, const ReachRow& row, Rect where, bool hovered);

} // namespace dilascope
