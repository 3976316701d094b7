#pragma once
// RunTable: runs as a table, without pixels: columns from Run::visit, filter, order, and which columns differ.
#include "experiments/export.h"
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace dilascope {

// A cell without a copy of its text, which lives as long as the run.
using RunValue = std::variant<std::string_view, std::int64_t, double, bool>;

// Index of the column called `name`; −1 when there is none.
int run_column(std::string_view name);
RunValue run_value(const Run& run, int column);

inline RunValue as_run_value(const std::string& text) { return std::string_view(text); }
inline RunValue as_run_value(RunStatus status) { return enum_name(status); }
inline RunValue as_run_value(std::int64_t number) { return number; }
inline RunValue as_run_value(double number) { return number; }
inline RunValue as_run_value(bool flag) { return flag; }

// What the table shows of a member: kv_len and kv_heads of 0 are as many as queries have.
template <class T> RunValue shown_value(const Run& run, const T& member) {
    const Case& config = run.config;
    const void* at = &member;
    if (at == &config.kv_len && config.kv_len == 0) return config.seq_len;
    if (at == &config.kv_heads && config.kv_heads == 0) return config.heads;
    return as_run_value(member);
}

// Calls f(column, value) for every column.
template <class F> void visit_run_values(const Run& run, F&& f) {
    int column = 0;
    Run::visit(run, [&](const Field&, const auto& member) { f(column++, shown_value(run, member)); });
}

// `short_form`: 4 significant digits and thin spaces, in the column's unit; else what reads back as the same value.
enum class ValueForm : std::uint8_t { short_form, plain };
std::string run_value_text(const RunValue& value, ValueForm form);

struct RunTableRequest {
    std::shared_ptr<const std::vector<Run>> runs;
    std::string filter; // words that must all occur; `seq_len>=4096`, `backend=cpu`, `verdict!=ok`, `-word`
    std::string sort_by = "id";
    bool descending = true;
    friend bool operator==(const RunTableRequest&, const RunTableRequest&) = default;
};

// What the rows that passed the filter hold in one column.
struct ColumnFacts {
    bool differs = false;
    double min = 0, max = 0;   // of a number column's finite values; both 0 when there are none
    std::uint32_t longest = 0; // index into *request.runs of the run with the longest text here
};

struct RunTable {
    RunTableRequest request;
    std::vector<std::uint32_t> rows; // indices into *request.runs, filtered and sorted
    std::vector<ColumnFacts> facts;  // one for each column
    std::string filter_error;        // which word could not be understood; then it was left out
    const Run& run(std::size_t row) const { return (*request.runs)[rows[row]]; }
};

// May take 0.1 s for 100 000 runs: meant for a background thread. Returns early, with anything, once `cancel` is set.
RunTable make_run_table(const RunTableRequest& request, const std::atomic<bool>& cancel);

// The columns to show: what a row cannot be read without, then what differs, the answer's columns before details; with
// `all` also those equal in every row.
enum class ShownColumns : std::uint8_t { differing, all };
std::vector<int> shown_columns(const RunTable& table, ShownColumns which);

// Rows of the table for the clipboard.
std::string rows_as(const RunTable& table, std::span<const std::size_t> rows, std::span<const int> columns,
                    RunFormat format);

} // namespace dilascope
