#pragma once
// Runs as text: CSV and JSON for programs, Markdown for papers, an aligned table for people.
#include "experiments/run_columns.h"

namespace dilascope {

enum class RunFormat : std::uint8_t { table, csv, json, md };
constexpr auto enum_names(RunFormat) { return std::array<std::string_view, 4>{"table", "csv", "json", "md"}; }

// What is written: some columns of some runs, and their raw samples when `samples_ms` has an entry for each run.
struct RunSelection {
    std::span<const Run> runs;
    std::vector<std::size_t> columns;
    std::vector<std::vector<double>> samples_ms;
};

// CSV and JSON hold every value in full; CSV quotes as RFC 4180 does and joins samples with semicolons. Tables round to
// four digits and cut long texts; Markdown rounds and cuts nothing but numbers.
std::string export_runs(const RunSelection& selection, RunFormat format);

// One run for people, a line for each column with its unit and meaning; six digits.
std::string describe_run(const Run& run);

// One quoted CSV field, when it has to be quoted.
std::string csv_field(const std::string& text);

} // namespace dilascope
