#pragma once
// CellFacts: all that is known of one (head, q, k), for the hover card, the inspector and the status bar.
#include "views/canvas.h"
#include "views/workspace.h"
#include <optional>

namespace dilascope {

// A heatmap's value at a cell. It is the cell's own weight when the pixel is one cell.
struct HeatmapValue {
    double weight = 0;
    Range queries;          // of the pixel
    std::int64_t shown = 1; // how many of them it averages
    Range keys;             // that it sums
    bool is_cell() const { return queries.size() == 1 && keys.size() == 1; }
};
// Nothing when the heatmap does not cover the cell.
std::optional<HeatmapValue> heatmap_value(const Heatmap& heatmap, std::int64_t q, std::int64_t k);

// The heatmap of the newest live result when it shows the present configuration and head, else null.
const Heatmap* current_heatmap(const Workspace& workspace);

struct CellFacts {
    std::int64_t head = 0, q = 0, k = 0;
    std::int64_t distance = 0; // query position − key: how far back the key is
    std::vector<int> branches; // that let q see k
    bool causal_cut = false;   // the key comes after the query and the problem is causal
    std::int64_t row_keys = 0; // distinct keys the query sees
    std::int64_t row_multiplicity = 0;
    std::optional<HeatmapValue> weight;
};
CellFacts cell_facts(const Workspace& workspace, std::int64_t q, std::int64_t k);

// "attends", "counted twice", "counted 3 times", "not attended", "after the query, cut by causality".
std::string attendance_text(const CellFacts& facts);
// "weight 0.0031", "Σ weight 0.0031 · 4 of queries 512 … 600, keys 0 … 7"; empty without a heatmap.
std::string weight_text(const CellFacts& facts);
// One line of everything, for the clipboard.
std::string facts_text(const CellFacts& facts, const Pattern& pattern);

// The card beside the mouse; kept inside `bounds`.
void draw_cell_card(Canvas& canvas, const CellFacts& facts, const Pattern& pattern, Point at, Rect bounds);

} // namespace dilascope
