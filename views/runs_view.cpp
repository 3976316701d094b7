#include "views/runs_view.h"
#include "views/empty_state.h"
#include "views/number_format.h"
#include "views/run_cell.h"
#include "views/theme.h"
#include "views/widgets.h"

#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {
namespace {

constexpr double table_wait_ms = 2; // for the table, before the frame goes on with the last one
void copy_text(const std::string& text) { ImGui::SetClipboardText(text.c_str()); }

} // namespace

RunsView::RunsView() : tables_(make_run_table) {}

void RunsView::draw(Workspace& workspace, Canvas& canvas) {
    is_complete_ = true;
    if (!workspace.runs) {
        if (empty_state(canvas, "Stored runs will be listed here.", workspace.store_status, "runs/open",
                        "Open a run store…"))
            workspace.commands.push_back("file/open");
        return;
    }
    if (workspace.runs->empty()) {
        if (empty_state(canvas, "Stored runs will be listed here: verified, timed and kept.", workspace.store_status,
                        "runs/start", "Run and save this configuration"))
            workspace.run_requested = true;
        return;
    }
    update_table(workspace);
    draw_toolbar(workspace, canvas);
    if (!table_) return text_line("Reading the runs…", TextStyle::caption, theme().muted);
    if (table_->rows.empty()) {
        if (empty_state(canvas, "No run matches the filter.", request_.filter, "runs/clear_filter", "Clear the filter"))
            filter_ = {};
        return;
    }
    draw_table(workspace, canvas);
    draw_menu(workspace);
}

void RunsView::update_table(const Workspace& workspace) {
    request_.runs = workspace.runs;
    request_.filter = filter_.data();
    const auto newest = tables_.ask(request_, table_wait_ms);
    is_complete_ = newest && newest->request == request_;
    if (!newest || newest == table_) return;
    table_ = newest;
    columns_.clear(); // chosen anew
}

void RunsView::draw_toolbar(Workspace& workspace, const Canvas& canvas) {
    const float scale = canvas.scale();
    const Rect area = content_area(canvas);
    ImGui::SetNextItemWidth(std::min(320.f, area.width * 0.4f) * scale);
    ImGui::InputTextWithHint("##filter", "Filter: longnet seq_len>=4096 -failed", filter_.data(), filter_.size());
    mark_item("runs/filter");
    item_tooltip("Words that must all occur; a column with = != < <= > >= and a value; - before a word excludes it");
    ImGui::SameLine();
    bool all = shown_ == ShownColumns::all;
    if (tick_box("runs/all_columns", "All columns", all)) {
        shown_ = all ? ShownColumns::all : ShownColumns::differing;
        columns_.clear();
    }
    item_tooltip("Also show the columns that are equal in every row");
    ImGui::SameLine(0, space::padding * scale);
    ImGui::AlignTextToFramePadding();
    if (table_ && !table_->filter_error.empty()) {
        text_line(table_->filter_error, TextStyle::caption, theme().bad);
    } else if (table_) {
        const std::size_t selected = workspace.selection.run_ids.size();
        std::string count = format_count(std::int64_t(table_->rows.size()));
        if (table_->rows.size() != workspace.runs->size())
            count += " of " + format_count(std::int64_t(workspace.runs->size()));
        count += workspace.runs->size() == 1 ? " run" : " runs";
        if (selected > 0) count += fmt::format(" · {} selected", format_count(std::int64_t(selected)));
        if (tables_.pending_s() > 0.15) count += " · sorting…";
        text_line(count, TextStyle::caption, theme().muted);
        if (selected > 0) {
            ImGui::SameLine(0, space::gap * scale);
            if (text_button("runs/deselect", "Deselect")) workspace.selection.run_ids.clear();
        }
    }
    ImGui::Dummy({0, space::grid * scale});
}

void RunsView::draw_table(Workspace& workspace, const Canvas& canvas) {
    if (columns_.empty()) {
        columns_ = shown_columns(*table_, shown_);
        widths_ = column_widths(canvas, *table_, columns_);
    }
    constexpr ImGuiTableFlags flags =
        ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY | ImGuiTableFlags_Sortable | ImGuiTableFlags_SortTristate |
        ImGuiTableFlags_Resizable | ImGuiTableFlags_NoSavedSettings | ImGuiTableFlags_SizingFixedFit |
        ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_PadOuterX | ImGuiTableFlags_NoBordersInBodyUntilResize;
    const float scale = canvas.scale();
    std::string id = "runs"; // another set of columns is another table to ImGui
    for (const int column : columns_) id += fmt::format(".{}", column);
    ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, {space::gap * scale, 0});
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
    if (ImGui::BeginTable(id.c_str(), int(columns_.size()), flags)) {
        for (std::size_t index = 0; index < columns_.size(); ++index) {
            const RunColumn& described = run_columns()[std::size_t(columns_[index])];
            const auto prefer = described.is_number ? ImGuiTableColumnFlags_PreferSortDescending : 0;
            ImGui::TableSetupColumn(described.name.c_str(), prefer | ImGuiTableColumnFlags_WidthFixed,
                                    widths_[index] * scale, ImGuiID(columns_[index]));
        }
        ImGui::TableSetupScrollFreeze(1, 1);
        draw_header(canvas);
        if (ImGuiTableSortSpecs* order = ImGui::TableGetSortSpecs(); order && order->SpecsDirty) {
            const bool sorted = order->SpecsCount > 0;
            request_.sort_by = sorted ? run_columns()[order->Specs->ColumnUserID].name : "id";
            request_.descending = !sorted || order->Specs->SortDirection == ImGuiSortDirection_Descending;
            order->SpecsDirty = false;
        }
        ImGuiListClipper clipper;
        clipper.Begin(int(table_->rows.size()), space::row * scale);
        while (clipper.Step())
            for (int row = clipper.DisplayStart; row < clipper.DisplayEnd; ++row)
                draw_row(workspace, canvas, std::size_t(row));
        ImGui::EndTable();
    }
    ImGui::PopStyleVar(2);
}

void RunsView::draw_header(const Canvas& canvas) {
    const float scale = canvas.scale(), height = space::row * scale;
    ImGui::TableNextRow(ImGuiTableRowFlags_Headers, height);
    for (std::size_t index = 0; index < columns_.size(); ++index) {
        if (!ImGui::TableSetColumnIndex(int(index))) continue;
        const RunColumn& described = run_columns()[std::size_t(columns_[index])];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const float room = ImGui::GetContentRegionAvail().x;
        ImGui::PushID(int(index));
        ImGui::TableHeader("##header");
        ImGui::PopID();
        mark_item(("runs/header/" + described.name).c_str());
        item_tooltip(described.unit.empty() ? described.help : described.help + ", " + described.unit);
        draw_heading(canvas, columns_[index], request_.sort_by == described.name, {at.x, at.y}, room, height);
    }
}

void RunsView::draw_row(Workspace& workspace, const Canvas& canvas, std::size_t row) {
    const float scale = canvas.scale(), height = space::row * scale;
    const Run& run = table_->run(row);
    ImGui::TableNextRow(0, height);
    ImGui::TableSetColumnIndex(0);
    ImGui::PushID(int(row));
    const bool selected = workspace.selection.run_ids.contains(run.id);
    if (ImGui::Selectable("##row", selected, ImGuiSelectableFlags_SpanAllColumns, {0, height}))
        select(workspace.selection, row);
    ImGui::PopID();
    mark_item(fmt::format("runs/row/{}", row).c_str());
    const bool hovered = ImGui::IsItemHovered();
    for (std::size_t index = 0; index < columns_.size(); ++index) {
        if (!ImGui::TableSetColumnIndex(int(index))) continue;
        const int column = columns_[index];
        const ImVec2 at = {ImGui::GetCursorScreenPos().x, ImGui::GetItemRectMin().y};
        const float width = ImGui::GetContentRegionAvail().x;
        const ShownCell cell = shown_cell(*table_, run, column);
        const bool is_cut = draw_cell(canvas, cell, {at.x, at.y}, width, height);
        if (!hovered || !ImGui::IsMouseHoveringRect(at, {at.x + width, at.y + height})) continue;
        const RunColumn& described = run_columns()[std::size_t(column)];
        const std::string exact = run_value_text(run_value(run, column), ValueForm::plain);
        if (is_cut || exact != cell.text)
            ImGui::SetTooltip("%s = %s %s", described.name.c_str(), exact.c_str(), described.unit.c_str());
        if (ImGui::IsMouseClicked(1)) {
            menu_row_ = row;
            menu_column_ = column;
            menu_wanted_ = true;
        }
    }
}

// What the menu acts on: the selected rows among those shown, else the row under the mouse.
std::vector<std::size_t> RunsView::rows_for_menu(const Selection& selection) const {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < table_->rows.size() && !selection.run_ids.empty(); ++row)
        if (selection.run_ids.contains(table_->run(row).id)) rows.push_back(row);
    if (rows.empty()) rows.push_back(menu_row_);
    return rows;
}

void RunsView::draw_menu(Workspace& workspace) {
    if (menu_wanted_) {
        menu_rows_ = rows_for_menu(workspace.selection);
        menu_table_ = table_;
        ImGui::OpenPopup("runs/menu");
    }
    menu_wanted_ = false;
    if (!ImGui::BeginPopup("runs/menu")) return;
    if (menu_table_ == table_) { // else the rows have moved under the menu
        const Run& run = table_->run(menu_row_);
        const auto& rows = menu_rows_;
        const std::string what = rows.size() == 1 ? "row" : format_count(std::int64_t(rows.size())) + " rows";
        const std::string& column = run_columns()[std::size_t(menu_column_)].name;
        if (ImGui::MenuItem(("Copy value of " + column).c_str()))
            copy_text(run_value_text(run_value(run, menu_column_), ValueForm::plain));
        if (ImGui::MenuItem("Copy run id")) copy_text(run.id);
        ImGui::Separator();
        if (ImGui::MenuItem(("Copy " + what + " as CSV").c_str()))
            copy_text(rows_as(*table_, rows, columns_, RunFormat::csv));
        if (ImGui::MenuItem(("Copy " + what + " as Markdown").c_str()))
            copy_text(rows_as(*table_, rows, columns_, RunFormat::md));
        ImGui::Separator();
        if (ImGui::MenuItem("Use this configuration")) workspace.set_config(run.config);
        if (ImGui::MenuItem("Select all shown"))
            for (std::size_t row = 0; row < table_->rows.size(); ++row)
                workspace.selection.run_ids.insert(table_->run(row).id);
        if (ImGui::MenuItem("Deselect all", nullptr, false, !workspace.selection.run_ids.empty()))
            workspace.selection.run_ids.clear();
    }
    ImGui::EndPopup();
}

void RunsView::select(Selection& selection, std::size_t row) {
    const ImGuiIO& io = ImGui::GetIO();
    const std::string& id = table_->run(row).id;
    if (io.KeyShift && !anchor_.empty()) {
        std::size_t from = row;
        for (std::size_t index = 0; index < table_->rows.size(); ++index)
            if (table_->run(index).id == anchor_) from = index;
        if (!io.KeyCtrl) selection.run_ids.clear();
        for (std::size_t index = std::min(from, row); index <= std::max(from, row); ++index)
            selection.run_ids.insert(table_->run(index).id);
        return;
    }
    anchor_ = id;
    if (io.KeyCtrl) {
        if (selection.run_ids.erase(id) == 0) selection.run_ids.insert(id);
        return;
    }
    const bool was_alone = selection.run_ids.size() == 1 && selection.run_ids.contains(id);
    selection.run_ids.clear();
    if (!was_alone) selection.run_ids.insert(id); // a second click takes the selection back
}

} // namespace dilascope
