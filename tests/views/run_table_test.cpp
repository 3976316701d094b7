#include "tests/catch.h"
#include "tests/views/sample_runs.h"
#include "tests/views/some_workspace.h"
#include "views/run_filter.h"
#include "views/run_table.h"

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace dilascope;

namespace {

std::vector<std::string> ids(const RunTable& table) {
    std::vector<std::string> found;
    for (std::size_t row = 0; row < table.rows.size(); ++row) found.push_back(table.run(row).id);
    return found;
}

std::size_t accepted(const std::string& filter) {
    RunTableRequest request{sample_runs(16), filter};
    return make_run_table(request, no_cancel).rows.size();
}

std::vector<std::string> names(const std::vector<int>& columns) {
    std::vector<std::string> found;
    for (const int column : columns) found.push_back(run_columns()[std::size_t(column)].name);
    return found;
}

bool contains(const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

} // namespace

TEST_CASE("a cell is the run's member", "[views]") {
    const Run run = sample_run(3, "dense", 4096, 2.5);
    CHECK(std::get<std::int64_t>(run_value(run, run_column("seq_len"))) == 4096);
    CHECK(std::get<double>(run_value(run, run_column("time_ms_median"))) == 2.5);
    CHECK(std::get<std::string_view>(run_value(run, run_column("status"))) == "done");
    CHECK(std::get<std::string_view>(run_value(run, run_column("pattern"))) == "dense");
    CHECK(std::get<bool>(run_value(run, run_column("causal"))) == false);
    CHECK(run_column("no_such_column") == -1);
    CHECK(std::get<std::int64_t>(run_value(run, run_column("kv_len"))) == 4096); // 0: as many as queries
    CHECK(std::get<std::int64_t>(run_value(run, run_column("kv_heads"))) == run.config.heads);
    std::size_t visited = 0;
    visit_run_values(run, [&](int column, const RunValue& value) {
        CHECK(value == run_value(run, column));
        ++visited;
    });
    CHECK(visited == run_columns().size());
    CHECK(run_value_text(std::int64_t(4096), ValueForm::short_form) == "4\u2009096");
    CHECK(run_value_text(std::int64_t(4096), ValueForm::plain) == "4096");
    CHECK(run_value_text(3.1, ValueForm::short_form) == "3.100");
    CHECK(run_value_text(3.14159265, ValueForm::plain) == "3.14159265");
}

TEST_CASE("rows come in the order asked for", "[views]") {
    RunTableRequest request{sample_runs(16), "", "time_ms_median", false};
    RunTable table = make_run_table(request, no_cancel);
    REQUIRE(table.rows.size() == 16);
    for (std::size_t row = 1; row < 16; ++row)
        CHECK(table.run(row - 1).time_ms_median <= table.run(row).time_ms_median);
    request.descending = true;
    std::vector<std::string> rising = ids(table), falling = ids(make_run_table(request, no_cancel));
    std::reverse(rising.begin(), rising.end());
    CHECK(rising == falling);
    request.sort_by = "pattern";
    table = make_run_table(request, no_cancel);
    CHECK((table.run(0).config.pattern.starts_with("dilated") && table.run(15).config.pattern == "dense"));
    CHECK(table.run(0).id > table.run(1).id); // equal ones keep the store's order, newest first
    auto runs = std::make_shared<Runs>(*sample_runs(4));
    (*runs)[1].time_ms_median = NAN;
    table = make_run_table({runs, "", "time_ms_median", false}, no_cancel);
    CHECK(std::isnan(table.run(3).time_ms_median));
}

TEST_CASE("the filter understands words and comparisons", "[views]") {
    CHECK(accepted("") == 16);
    CHECK(accepted("dense") == 8);
    CHECK(accepted("DENSE") == 8);
    CHECK(accepted("-dense") == 8);
    CHECK(accepted("seq_len>=4096") == 10);
    CHECK(accepted("seq_len>4096") == 8);
    CHECK(accepted("seq_len<1024") == 2);
    CHECK(accepted("seq_len<=1024") == 4);
    CHECK(accepted("seq_len=512") == 2);
    CHECK(accepted("seq_len!=512") == 14);
    CHECK(accepted("dense seq_len=512") == 1);
    CHECK(accepted("pattern=dilated") == 8);
    CHECK(accepted("causal=false") == 16);
    CHECK(accepted("causal!=false") == 0);
    CHECK(accepted("status=done verdict=ok backend=cpu") == 16);
    CHECK(accepted("rates=1,2") == 8); // a word of the pattern text, not a column
    CHECK(accepted("nothing_like_this") == 0);
}

TEST_CASE("the filter does not care about case in the run either", "[views]") {
    Run run = sample_run(0, "dense", 512, 1);
    run.environment.cpu = "Example CPU 3000";
    CHECK(RunFilter("example cpu").accepts(run));
    CHECK(RunFilter("cpu=EXAMPLE").accepts(run));
    CHECK(!RunFilter("-Example").accepts(run));
}

TEST_CASE("a filter that is not understood says so and leaves that word out", "[views]") {
    const RunFilter typo("seqlen>=4096 dense");
    CHECK(typo.error().find("seq_len") != std::string::npos);
    CHECK(typo.accepts(sample_run(0, "dense", 512, 1)));
    CHECK(!typo.accepts(sample_run(0, "window", 8192, 1)));
    CHECK(RunFilter("seq_len>long").error().find("number") != std::string::npos);
    CHECK(RunFilter("dense seq_len>=1").error().empty());
}

TEST_CASE("only what differs is shown, unless asked", "[views]") {
    const RunTable table = make_run_table({sample_runs(16), ""}, no_cancel);
    const auto shown = names(shown_columns(table, ShownColumns::differing));
    CHECK(contains(shown, "pattern"));
    CHECK(contains(shown, "seq_len"));
    CHECK(contains(shown, "status")); // equal in all rows, but a row cannot be read without it
    CHECK(!contains(shown, "backend"));
    CHECK(!contains(shown, "cpu"));
    CHECK(shown.front() == "status");
    CHECK(shown.back() == "case_hash"); // identities differ always and say least
    const auto all = names(shown_columns(table, ShownColumns::all));
    CHECK(all.size() == run_columns().size());
    CHECK(std::vector<std::string>(all.begin(), all.begin() + std::ptrdiff_t(shown.size())) ==
          shown); // the others follow

    const RunTable one_pattern = make_run_table({sample_runs(16), "seq_len=512"}, no_cancel);
    CHECK(!one_pattern.facts[std::size_t(run_column("seq_len"))].differs); // of the rows that passed
    CHECK(names(shown_columns(make_run_table({sample_runs(1), ""}, no_cancel), ShownColumns::differing)).size() ==
          run_columns().size());
}

TEST_CASE("facts give the range of a number column", "[views]") {
    const RunTable table = make_run_table({sample_runs(16), ""}, no_cancel);
    const ColumnFacts facts = table.facts[std::size_t(run_column("seq_len"))];
    CHECK((facts.differs && facts.min == 512 && facts.max == 65536));
    const auto longest = table.facts[std::size_t(run_column("pattern"))].longest;
    CHECK((*table.request.runs)[longest].config.pattern.starts_with("dilated"));
    CHECK(make_run_table({nullptr, ""}, no_cancel).facts.size() == run_columns().size());
}

TEST_CASE("copied rows hold a header and every cell", "[views]") {
    const RunTable table = make_run_table({sample_runs(4), "", "seq_len", false}, no_cancel);
    const std::size_t rows[] = {0, 1};
    const int columns[] = {run_column("pattern"), run_column("seq_len")};
    const std::string csv = rows_as(table, rows, columns, RunFormat::csv);
    CHECK(csv.starts_with("pattern,seq_len"));
    CHECK(csv.find("\"dilated segments=256,512 rates=1,2\",512") != std::string::npos);
    CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
    const std::string markdown = rows_as(table, rows, columns, RunFormat::md);
    CHECK(markdown.find("seq_len (tokens)") != std::string::npos);
    CHECK(std::count(markdown.begin(), markdown.end(), '\n') == 4);
}

TEST_CASE("a hundred thousand runs sort and filter in the background in good time", "[views][slow]") {
    auto runs = sample_runs(100000);
    const auto start = std::chrono::steady_clock::now();
    const RunTable table = make_run_table({runs, "dense seq_len>=1024", "pattern", true}, no_cancel);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    CHECK(table.rows.size() > 30000);
    WARN(seconds << " s for 100 000 runs");
    CHECK(seconds < 5); // a debug build on a busy machine; a release build takes about 0.2 s
    const std::atomic<bool> cancelled = true;
    CHECK(make_run_table({runs, "dense"}, cancelled).rows.empty());
}
