#pragma once
// RunsView: the run store as a table: sort, filter, columns that differ, selection for overlay, copying.
#include "views/latest_job.h"
#include "views/run_table.h"
#include "views/view.h"

namespace dilascope {

class RunsView final : public View {
public:
    RunsView();
    const char* name() const override { return "runs"; }
    const char* title() const override { return "Runs"; }
    const char* help() const override {
        return "Every stored run: sort, filter, compare what differs, select runs to overlay their curves";
    }
    void draw(Workspace& workspace, Canvas& canvas) override;
    bool is_complete() const override { return is_complete_; }

private:
    void update_table(const Workspace& workspace);
    void draw_toolbar(Workspace& workspace, const Canvas& canvas);
    void draw_table(Workspace& workspace, const Canvas& canvas);
    void draw_header(const Canvas& canvas);
    void draw_row(Workspace& workspace, const Canvas& canvas, std::size_t row);
    void draw_menu(Workspace& workspace);
    void select(Selection& selection, std::size_t row);
    std::vector<std::size_t> rows_for_menu(const Selection& selection) const;

    LatestJob<RunTableRequest, RunTable> tables_;
    std::shared_ptr<const RunTable> table_; // the newest finished; shown while a newer one is made
    RunTableRequest request_;
    bool is_complete_ = true;
    ShownColumns shown_ = ShownColumns::differing;
    std::vector<int> columns_;  // shown, in order
    std::vector<float> widths_; // of columns_, logical pixels
    std::array<char, 256> filter_ = {};
    std::string anchor_;       // run id where a Shift range begins
    std::size_t menu_row_ = 0; // where the context menu was opened, and the table it was opened on
    int menu_column_ = 0;
    std::vector<std::size_t> menu_rows_;
    std::shared_ptr<const RunTable> menu_table_;
    bool menu_wanted_ = false;
};

} // namespace dilascope
