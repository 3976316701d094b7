// Tables of runs: which columns are told, and the four formats.
#include "experiments/export.h"
#include "tests/contains.h"
#include "tests/experiments/example_run.h"
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace dilascope;

namespace {

std::vector<std::string> names_of(const std::vector<std::size_t>& columns) {
    std::vector<std::string> names;
    for (std::size_t column : columns) names.push_back(run_columns()[column].name);
    return names;
}

std::vector<std::size_t> columns(const std::vector<std::string>& names) { return value_of(columns_named(names)); }

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// Reads RFC 4180 back.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
    std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
    bool quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            if (quoted && at + 1 < text.size() && text[at + 1] == '"')
                rows.back().back() += text[at++];
            else
                quoted = !quoted;
        } else if (!quoted && text[at] == ',')
            rows.back().emplace_back();
        else if (!quoted && text.compare(at, 2, "\r\n") == 0)
            rows.emplace_back(1), ++at;
        else
            rows.back().back() += text[at];
    }
    rows.pop_back();
    return rows;
}

} // namespace

TEST_CASE("settings that differ are shown, equal ones are told once", "[experiments]") {
    std::vector<Run> runs = {example_run(0), example_run(1)};
    const ColumnChoice choice = telling_columns(runs);
    const auto shown = names_of(choice.shown), equal = names_of(choice.equal);
    CHECK(shown[0] == "id");
    CHECK(shown[1] == "pattern");
    for (const char* name : {"seq_len", "causal", "time_ms_median", "verdict"}) CHECK(has(shown, name));
    for (const char* name : {"head_dim", "case_hash", "created", "notes", "threads"}) CHECK_FALSE(has(shown, name));
    for (const char* name : {"experiment", "status", "head_dim", "threads", "cpu"}) CHECK(has(equal, name));
    for (const char* name : {"governor", "gpu", "time_ms_median", "case_hash"}) CHECK_FALSE(has(equal, name));
    runs[1].environment.threads = 8;
    runs[1].notes = "x";
    CHECK(has(names_of(telling_columns(runs).shown), "threads"));
    CHECK(names_of(telling_columns(runs).shown).back() == "notes");
    CHECK(telling_columns({}).equal.empty());
}

TEST_CASE("a column that runs do not have offers the nearest", "[experiments]") {
    const std::vector<std::string> names = {"id", "time_ms_medain"};
    const auto found = columns_named(names);
    REQUIRE_FALSE(found.has_value());
    CHECK_THAT(found.error().what, contains("\"time_ms_medain\"; did you mean \"time_ms_median\"?"));
}

TEST_CASE("as many characters of the id as tell the runs apart", "[experiments]") {
    std::vector<Run> runs(3);
    runs[0].id = "01AAAAAAAAAAAAAA1B", runs[1].id = "01AAAAAAAAAAAAAA2B", runs[2].id = "01B";
    CHECK(distinct_id_length(runs) == 17);
    runs.erase(runs.begin());
    CHECK(distinct_id_length(runs) == 8);
    CHECK(distinct_id_length({}) == 8);
}

TEST_CASE("CSV gives back every value, whatever it contains", "[experiments]") {
    Run run = example_run(2);
    run.notes = "a \"quoted\", two\r\nlined, note";
    run.verdict = "";
    run.gflop_per_s = 0.1 + 0.2;
    run.noise_pct = std::nan("");
    std::vector<std::size_t> all;
    for (std::size_t column = 0; column < run_columns().size(); ++column) all.push_back(column);
    const auto rows = parse_csv(export_runs({std::span(&run, 1), all, {{1.5, 0.1}}}, RunFormat::csv));
    REQUIRE(rows.size() == 2);
    REQUIRE(rows[1].size() == all.size() + 1);
    const auto cells = run_cells(run);
    for (std::size_t column : all) {
        CHECK(rows[0][column] == run_columns()[column].name);
        CHECK(rows[1][column] == cell_text(cells[column]));
    }
    CHECK(rows[0].back() == "samples_ms");
    CHECK(rows[1].back() == "1.5;0.1");
    CHECK(std::stod(rows[1][columns({"gflop_per_s"})[0]]) == run.gflop_per_s);
    CHECK(rows[1][columns({"noise_pct"})[0]].empty());
}

TEST_CASE("JSON keeps types, and broken text does not break it", "[experiments]") {
    Run run = example_run(1);
    run.notes = "broken \xff\xfe text";
    run.noise_pct = std::nan("");
    const RunSelection selection{
        std::span(&run, 1), columns({"id", "active_pairs", "causal", "noise_pct", "notes", "status"}), {{1.5}}};
    const auto list = nlohmann::json::parse(export_runs(selection, RunFormat::json));
    REQUIRE(list.size() == 1);
    CHECK(list[0]["active_pairs"] == run.active_pairs);
    CHECK(list[0]["causal"] == true);
    CHECK(list[0]["noise_pct"].is_null());
    CHECK(list[0]["status"] == "done");
    CHECK(list[0]["samples_ms"] == std::vector<double>{1.5});
    CHECK(nlohmann::json::parse(export_runs({{}, columns({"id"}), {}}, RunFormat::json)).empty());
}

TEST_CASE("Markdown has a header with units and escapes bars", "[experiments]") {
    Run run = example_run(0);
    run.verdict = "wrong | bad";
    run.time_ms_median = 1234.5678;
    CHECK(export_runs({std::span(&run, 1), columns({"verdict", "seq_len", "time_ms_median"}), {}}, RunFormat::md) ==
          "| verdict | seq_len (tokens) | time_ms_median (ms) |\n| --- | ---: | ---: |\n| wrong \\| bad | 1024 | 1235 "
          "|\n");
}

TEST_CASE("the table aligns characters, not bytes, and keeps lines whole", "[experiments]") {
    std::vector<Run> runs = {example_run(0), example_run(1)};
    runs[0].verdict = "∞ wrong\nat row 3";
    runs[1].verdict = std::string(300, 'x');
    const std::string table = export_runs({runs, columns({"verdict", "seq_len"}), {}}, RunFormat::table);
    std::istringstream lines(table);
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) all.push_back(line);
    REQUIRE(all.size() == 4);
    CHECK(all[0] == "verdict" + std::string(41, ' ') + "  seq_len");
    CHECK(all[1] == std::string(48, ' ') + "   tokens");
    CHECK(all[2] == "∞ wrong at row 3" + std::string(32, ' ') + "     1024");
    CHECK(all[3] == std::string(47, 'x') + "…" + "     2048");
}

TEST_CASE("a run in full names every column", "[experiments]") {
    const std::string text = describe_run(example_run(0));
    for (const RunColumn& column : run_columns()) CHECK_THAT(text, contains(column.name));
    CHECK_THAT(text, contains("1.5 ms"));
}

TEST_CASE("the table writes large rates in full", "[experiments]") {
    std::vector<Run> runs = {example_run(0)};
    runs[0].gflop_per_s = 312345.6, runs[0].time_ms_median = 0.0123456;
    const std::string table = export_runs({runs, columns({"gflop_per_s", "time_ms_median"}), {}}, RunFormat::table);
    CHECK_THAT(table, contains("312346") && contains("0.01235"));
}
