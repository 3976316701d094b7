#include "tests/catch.h"
#include "tests/views/recording_canvas.h"
#include "tests/views/sample_runs.h"
#include "tests/views/some_workspace.h"
#include "views/run_cell.h"
#include "views/theme.h"

using namespace dilascope;

namespace {

RunTable table_of(std::vector<Run> runs) {
    return make_run_table({std::make_shared<const Runs>(std::move(runs)), "", "id", false}, no_cancel);
}

ShownCell cell_at(const RunTable& table, std::size_t row, const char* column) {
    return shown_cell(table, table.run(row), run_column(column));
}

} // namespace

TEST_CASE("a cell says its status in words and colour", "[views]") {
    use_theme(ThemeMode::dark);
    Run done = sample_run(0, "dense", 512, 2), failed = sample_run(1, "dense", 1024, 4),
        stopped = sample_run(2, "dense", 512, 0);
    failed.status = RunStatus::failed;
    failed.verdict = "wrong: 3e-2 at row 7";
    stopped.status = RunStatus::interrupted;
    const RunTable table = table_of({done, failed, stopped});
    CHECK(cell_at(table, 0, "status").text == "done");
    CHECK(cell_at(table, 0, "status").colour == theme().good);
    CHECK(cell_at(table, 1, "status").colour == theme().bad);
    CHECK(cell_at(table, 2, "status").colour == theme().warning);
    CHECK(cell_at(table, 1, "verdict").colour == theme().bad);
    CHECK(cell_at(table, 0, "pattern").colour == theme().muted); // equal in all rows
    CHECK(cell_at(table, 0, "seq_len").colour == theme().text);  // differs
    CHECK(cell_at(table, 2, "time_ms_median").text == "–");      // never measured
    CHECK(cell_at(table, 0, "error_max_abs").text == "0");       // measured, and 0
}

TEST_CASE("numbers stand right with a bar of their share", "[views]") {
    const RunTable table = table_of({sample_run(0, "dense", 512, 2), sample_run(1, "dense", 512, 8)});
    const ShownCell cell = cell_at(table, 0, "time_ms_median");
    CHECK(cell.text == "2.000");
    CHECK(cell.align == Align::right);
    CHECK(cell.bar == Approx(0.25));
    CHECK(cell_at(table, 1, "time_ms_median").bar == 1);
    CHECK(cell_at(table, 0, "seq_len").bar == 0); // equal in all rows: nothing to compare
    CHECK(cell_at(table, 0, "pattern").align == Align::left);
}

TEST_CASE("a column is wide enough for its heading and its longest text", "[views]") {
    const RecordingCanvas canvas;
    auto runs = *sample_runs(2000);
    runs[777].verdict = "wrong: 1 of 32 rows";
    const RunTable table = table_of(std::move(runs));
    const int columns[] = {run_column("verdict"), run_column("time_ms_median"), run_column("pattern")};
    const auto widths = column_widths(canvas, table, columns);
    CHECK(widths[0] >= canvas.text_size("wrong: 1 of 32 rows", TextStyle::body).x);
    CHECK(widths[1] >= canvas.text_size("time_ms_median  ms", TextStyle::caption).x);
    CHECK(widths[2] <= 280);
}
