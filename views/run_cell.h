#pragma once
// RunCell: how a value of the run table looks: its words, colour, typeface, and the bar behind it.
#include "views/canvas.h"
#include "views/run_table.h"

namespace dilascope {

struct ShownCell {
    std::string text; // short; what was never measured is a dash, not 0
    TextStyle style = TextStyle::body;
    Colour colour; // status and verdict say it in words; their colour only helps to find them
    Align align = Align::left;
    float bar = 0; // share of the column's greatest value, 0 … 1
};
ShownCell shown_cell(const RunTable& table, const Run& run, int column);

// Draws into the current ImGui window; `at` is the cell's screen corner, sizes are pixels. Long texts end in "…";
// returns whether the text was cut.
bool draw_cell(const Canvas& canvas, const ShownCell& cell, Point at, float width, float height);

// The heading with its unit; when sorted by it, room for ImGui's arrow stays free at the right end.
void draw_heading(const Canvas& canvas, int column, bool is_sorted, Point at, float width, float height);

// Logical widths that hold the headings and nearly all values.
std::vector<float> column_widths(const Canvas& canvas, const RunTable& table, std::span<const int> columns);

} // namespace dilascope
