#include "views/run_table.h"
#include "views/number_format.h"
#include "views/run_filter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace dilascope {
namespace {

constexpr std::size_t cancel_stride = 1024; // runs between two looks at the flag

double number_of(const RunValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return double(*integer);
    return std::get<double>(value);
}

std::vector<std::uint32_t> filtered_rows(const std::vector<Run>& runs, const RunFilter& filter,
                                         const std::atomic<bool>& cancel) {
    std::vector<std::uint32_t> rows;
    for (std::size_t index = 0; index < runs.size(); ++index) {
        if (index % cancel_stride == 0 && cancel) return {};
        if (filter.accepts(runs[index])) rows.push_back(std::uint32_t(index));
    }
    return rows;
}

// Not-a-number comes last in a rising order, as if it were the greatest.
bool value_less(const RunValue& a, const RunValue& b) {
    if (const auto* x = std::get_if<double>(&a)) {
        const double y = std::get<double>(b);
        return std::isnan(y) ? !std::isnan(*x) : *x < y;
    }
    return a < b;
}

void sort_rows(const std::vector<Run>& runs, int column, bool descending, std::vector<std::uint32_t>& rows) {
    struct Key {
        RunValue value;
        std::uint32_t row;
    };
    std::vector<Key> keys;
    keys.reserve(rows.size());
    for (const std::uint32_t row : rows) keys.push_back({run_value(runs[row], column), row});
    std::stable_sort(keys.begin(), keys.end(), [descending](const Key& a, const Key& b) {
        return descending ? value_less(b.value, a.value) : value_less(a.value, b.value);
    });
    std::transform(keys.begin(), keys.end(), rows.begin(), [](const Key& key) { return key.row; });
}

std::vector<ColumnFacts> column_facts(const std::vector<Run>& runs, std::span<const std::uint32_t> rows,
                                      const std::atomic<bool>& cancel) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    std::vector<ColumnFacts> facts(run_columns().size(), {false, infinity, -infinity, 0});
    std::vector<RunValue> first;
    std::vector<std::size_t> lengths(facts.size(), 0);
    for (std::size_t index = 0; index < rows.size(); ++index) {
        if (index % cancel_stride == 0 && cancel) break;
        visit_run_values(runs[rows[index]], [&](int column, const RunValue& value) {
            ColumnFacts& fact = facts[std::size_t(column)];
            if (index == 0)
                first.push_back(value);
            else
                fact.differs = fact.differs || value != first[std::size_t(column)];
            if (const auto* text = std::get_if<std::string_view>(&value)) {
                std::size_t& length = lengths[std::size_t(column)];
                if (text->size() > length) length = text->size(), fact.longest = rows[index];
            }
            if (!run_columns()[std::size_t(column)].is_number) return;
            const double number = number_of(value);
            if (!std::isfinite(number)) return;
            fact.min = std::min(fact.min, number);
            fact.max = std::max(fact.max, number);
        });
    }
    for (ColumnFacts& fact : facts)
        if (fact.min > fact.max) fact.min = fact.max = 0;
    return facts;
}

// Small numbers stand left. Without the first ones a row cannot be read; identities differ always and say little.
int rank(int column) {
    static const std::vector<int> ranks = [] {
        std::vector<int> made(run_columns().size(), 5);
        const auto place = [&](int value, std::initializer_list<const char*> names) {
            for (const char* name : names)
                if (const int index = run_column(name); index >= 0) made[std::size_t(index)] = value;
        };
        const Case config;
        Case::visit(config, [&](const Field& field, const auto&) { place(2, {field.name}); });
        place(0, {"status"});
        place(1, {"pattern", "seq_len"});
        place(3, {"time_ms_median", "time_ms_ci_low", "time_ms_ci_high", "noise_pct", "gflop_per_s"});
        place(4, {"verdict"});
        place(6, {"experiment", "notes", "tags"});
        place(7, {"id", "case_hash", "created", "git_commit"});
        return made;
    }();
    return ranks[std::size_t(column)];
}

bool is_key_column(int column) {
    static const std::vector<int> keys = {run_column("status"), run_column("pattern"), run_column("seq_len"),
                                          run_column("time_ms_median"), run_column("verdict")};
    return std::find(keys.begin(), keys.end(), column) != keys.end();
}

} // namespace

int run_column(std::string_view name) {
    const auto& columns = run_columns();
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const RunColumn& column) { return column.name == name; });
    return found == columns.end() ? -1 : int(found - columns.begin());
}

RunValue run_value(const Run& run, int column) {
    RunValue wanted;
    int index = 0;
    Run::visit(run, [&](const Field&, const auto& member) {
        if (index++ == column) wanted = shown_value(run, member);
    });
    return wanted;
}

std::string run_value_text(const RunValue& value, ValueForm form) {
    if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    if (const auto* integer = std::get_if<std::int64_t>(&value))
        return form == ValueForm::plain ? std::to_string(*integer) : format_count(*integer);
    const double number = std::get<double>(value);
    return form == ValueForm::plain ? format_plain(number) : format_measured(number);
}

RunTable make_run_table(const RunTableRequest& request, const std::atomic<bool>& cancel) {
    RunTable table;
    table.request = request;
    table.facts.resize(run_columns().size());
    if (!request.runs) return table;
    const RunFilter filter(request.filter);
    table.filter_error = filter.error();
    table.rows = filtered_rows(*request.runs, filter, cancel);
    if (cancel) return table;
    table.facts = column_facts(*request.runs, table.rows, cancel);
    if (const int column = run_column(request.sort_by); column >= 0 && !cancel)
        sort_rows(*request.runs, column, request.descending, table.rows);
    return table;
}

std::vector<int> shown_columns(const RunTable& table, ShownColumns which) {
    const bool show_equal = which == ShownColumns::all || table.rows.size() < 2;
    std::vector<int> columns;
    for (int column = 0; column < int(run_columns().size()); ++column)
        if (show_equal || is_key_column(column) || table.facts[std::size_t(column)].differs) columns.push_back(column);
    const auto place = [&](int column) {
        const bool first = is_key_column(column) || table.facts[std::size_t(column)].differs;
        return (first ? 0 : 100) + rank(column);
    };
    std::stable_sort(columns.begin(), columns.end(), [&](int a, int b) { return place(a) < place(b); });
    return columns;
}

std::string rows_as(const RunTable& table, std::span<const std::size_t> rows, std::span<const int> columns,
                    RunFormat format) {
    std::vector<Run> runs;
    for (const std::size_t row : rows) runs.push_back(table.run(row));
    return export_runs({runs, {columns.begin(), columns.end()}, {}}, format);
}

} // namespace dilascope
