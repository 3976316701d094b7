#pragma once
// Inspector view: what is under the cursor, what the pattern costs, how long it took, and the newest runs.
#include "views/cell_facts.h"
#include "views/latest_job.h"
#include "views/pattern_counts.h"
#include "views/view.h"

namespace dilascope {

// One line of a card: label left, number right, muted unit behind it, the exact value or the formula as tooltip.
struct CardRow {
    std::string label, value, unit, help;
    enum Tone { plain, accent, good, warning, bad } tone = plain;
};
std::vector<CardRow> cell_rows(const CellFacts& facts);
std::vector<CardRow> count_rows(const PatternCounts& counts, const RowCounts* rows);
std::vector<CardRow> time_rows(const LiveResult& live);

class InspectorView final : public View {
public:
    InspectorView();
    const char* name() const override { return "inspector"; }
    const char* title() const override { return "Inspector"; }
    const char* help() const override {
        return "What is under the cursor, exact counts, measured time and the newest runs";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool is_complete() const override { return is_complete_; }
    bool shows_live() const override { return true; }

private:
    void draw_cell(Workspace& workspace);
    void draw_counts(Workspace& workspace);
    void draw_time(Workspace& workspace);
    void draw_runs(Workspace& workspace);

    LatestJob<CountsRequest, PatternCounts> counts_;
    LatestJob<CountsRequest, RowCounts> rows_;
    bool is_complete_ = true;
};

} // namespace dilascope
