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
    int multiplicity = 0;      // how often the key counts in the row's softmax
    bool causal_cut = false;   // the key comes after the query and the problem is causal
    // Distinct keys the query sees, and how often they count; empty where counting would hold up a frame.
    std::optional<std::int64_t> row_keys, row_multiplicity;
    // Index pairs, query first: the block of a block pattern, the tile of Workspace::tile_tokens, the places along a
    // curve.
    struct Place {
        std::int64_t q = 0, k = 0;
    };
    std::optional<Place> block, rank;
    Place tile;
    std::int64_t tile_tokens = 0;
    std::optional<int> compared; // how often the key counts in pattern A, when there is one
    std::optional<HeatmapValue> weight;
};
CellFacts cell_facts(const Workspace& workspace, std::int64_t q, std::int64_t k);

// "attends", "counted twice", "counted 3 times", "not attended", "after the query, cut by causality".
std::string attendance_text(const CellFacts& facts);
// "weight 0.0031", "Σ weight 0.0031 · 4 of queries 512 … 600, keys 0 … 7"; empty without a heatmap.
std::string weight_text(const CellFacts& facts);
// "block 3, 2 · tile 12, 9 · rank 40, 18": where in the structures of the pattern the cell lies, query first.
std::string place_text(const CellFacts& facts);
// One line of everything, for the clipboard.
std::string facts_text(const CellFacts& facts, const Pattern& pattern);

// Keys of one query through each branch; empty when counting them would hold up a frame.
std::vector<std::int64_t> branch_keys_of(const Pattern& pattern, const Problem& problem, std::int64_t head,
                                         std::int64_t q);

// The card beside the mouse with `more` lines below; kept inside `bounds`.
void draw_cell_card(Canvas& canvas, const CellFacts& facts, const Pattern& pattern, Point at, Rect bounds,
                    std::span<const std::string> more = {});

} // namespace dilascope
