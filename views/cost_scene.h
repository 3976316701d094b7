#pragma once
// Cost scene: what a pattern costs, as texts, rows and a waterfall of times; drawn alike on screen and in figures.
#include "experiments/prediction.h"
#include "views/canvas.h"
#include <optional>
#include <string>
#include <vector>

namespace dilascope {

// A time that was measured for the configuration at hand.
struct MeasuredTime {
    double time_ms = 0;
    std::string source; // "live" or "run 01HZ…"
};

// What the scene is made of.
struct CostFacts {
    Cost cost;                       // with tiles once they are counted
    std::optional<Prediction> dense; // of the same shapes without a pattern
    std::optional<Prediction> prediction;
    std::string no_prediction; // why there is none, or none yet
    std::int64_t threads = 1;
    PredictionRecord record;
    std::optional<MeasuredTime> measured;
};

// A line of a card: label left, number right, unit behind it; `help` holds the formula and the exact value.
struct CostRow {
    std::string label, value, unit, help;
};
struct CostCard {
    std::string title, remark;
    std::vector<CostRow> rows;
};

// A bar of the waterfall, from one time to the other.
struct WaterfallBar {
    enum Kind { total, gain, loss, unexplained } kind = total;
    std::string label;
    double from_ms = 0, to_ms = 0;
    std::string help;
    double change_ms() const { return to_ms - from_ms; }
};

struct CostScene {
    std::string headline, headline_unit, interval; // predicted time
    std::string measured;                          // the measured time beside it, or that there is none
    std::string headline_help;
    bool is_measured = false;
    std::vector<WaterfallBar> bars; // each starts where the one before ended, but for totals, which start at 0
    std::string verdict;            // the biggest loss, named
    std::vector<CostCard> cards;
};

CostScene make_cost_scene(const CostFacts& facts);

// Where everything goes; wide areas have the cards beside the waterfall. Logical pixels.
struct CostLayout {
    Rect headline, waterfall;
    std::vector<Rect> bars;              // rows of the waterfall, label and bar
    std::vector<std::vector<Rect>> rows; // of the cards
    std::vector<Point> titles;           // of the cards
    float height = 0;                    // of all of it
};
CostLayout layout_cost(const CostScene& scene, Rect area);

// `opacity` below 1 dims what is of the configuration before. `hovered` rows and bars are raised.
struct CostHover {
    int card = -1, row = -1, bar = -1;
};
CostHover hover_at(const CostLayout& layout, Point at);
void draw_cost(Canvas& canvas, const CostScene& scene, const CostLayout& layout, CostHover hovered = {},
               float opacity = 1);

} // namespace dilascope
