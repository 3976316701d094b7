#include "experiments/run_columns.h"
#include "engine/nearest.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <set>

namespace dilascope {

namespace {

// What a reader of a table looks for once the settings are told.
constexpr std::array<std::string_view, 6> headline = {"verdict",         "time_ms_median", "time_ms_ci_low",
                                                      "time_ms_ci_high", "noise_pct",      "gflop_per_s"};

template <class Visited> std::set<std::string> field_names() {
    std::set<std::string> names;
    const Visited fresh;
    Visited::visit(fresh, [&](const Field& field, const auto&) { names.insert(field.name); });
    return names;
}

// What was asked and on what: the columns in which runs are meant to differ. Ids and times of day always do.
bool is_setting(const std::string& name) {
    static const std::set<std::string> settings = [] {
        std::set<std::string> names = field_names<Case>();
        names.merge(field_names<Environment>());
        names.insert({"experiment", "status"});
        return names;
    }();
    return settings.count(name) > 0;
}

bool is_headline(const std::string& name) {
    return std::find(headline.begin(), headline.end(), name) != headline.end();
}

} // namespace

const std::vector<RunColumn>& run_columns() {
    static const std::vector<RunColumn> columns = [] {
        std::vector<RunColumn> list;
        const Run fresh;
        Run::visit(fresh, [&](const Field& field, const auto& value) {
            using Value = std::remove_cvref_t<decltype(value)>;
            const bool is_number = std::is_arithmetic_v<Value> && !std::is_same_v<Value, bool>;
            list.push_back({field.name, field.unit, field.help, is_number});
        });
        return list;
    }();
    return columns;
}

Result<std::vector<std::size_t>> columns_named(std::span<const std::string> names) {
    std::vector<std::string_view> known;
    for (const RunColumn& column : run_columns()) known.push_back(column.name);
    std::vector<std::size_t> indexes;
    for (const std::string& name : names) {
        const auto found = std::find(known.begin(), known.end(), name);
        if (found == known.end())
            return fail(fmt::format("runs have no column \"{}\"{}", name, nearest_hint(name, known)));
        indexes.push_back(std::size_t(found - known.begin()));
    }
    return indexes;
}

std::vector<RunCell> run_cells(const Run& run) {
    std::vector<RunCell> cells;
    cells.reserve(run_columns().size());
    Run::visit(run, [&](const Field&, const auto& value) {
        if constexpr (NamedEnum<std::remove_cvref_t<decltype(value)>>)
            cells.emplace_back(std::string(enum_name(value)));
        else
            cells.emplace_back(value);
    });
    return cells;
}

std::string cell_text(const RunCell& cell) {
    if (const auto* truth = std::get_if<bool>(&cell)) return *truth ? "true" : "false";
    if (const auto* whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
    if (const auto* real = std::get_if<double>(&cell)) return std::isnan(*real) ? "" : fmt::format("{}", *real);
    return std::get<std::string>(cell);
}

ColumnChoice telling_columns(std::span<const Run> runs) {
    const auto& columns = run_columns();
    std::vector<bool> differs(columns.size()), filled(columns.size());
    std::vector<RunCell> first;
    for (const Run& run : runs) {
        std::vector<RunCell> cells = run_cells(run);
        if (first.empty()) first = cells;
        for (std::size_t column = 0; column < columns.size(); ++column) {
            if (cells[column] != first[column]) differs[column] = true;
            if (!cell_text(cells[column]).empty()) filled[column] = true;
        }
    }
    ColumnChoice choice;
    std::vector<std::size_t> results;
    for (std::size_t column = 0; column < columns.size(); ++column) {
        const std::string& name = columns[column].name;
        const bool annotation = (name == "notes" || name == "tags") && filled[column];
        if (name == "id" || (is_setting(name) && differs[column]))
            choice.shown.push_back(column);
        else if (is_setting(name) && filled[column])
            choice.equal.push_back(column);
        else if (is_headline(name) || annotation)
            results.push_back(column);
    }
    choice.shown.insert(choice.shown.end(), results.begin(), results.end());
    return choice;
}

std::size_t distinct_id_length(std::span<const Run> runs) {
    std::vector<std::string_view> ids;
    for (const Run& run : runs) ids.push_back(run.id);
    std::sort(ids.begin(), ids.end());
    std::size_t length = 8;
    for (std::size_t index = 1; index < ids.size(); ++index) {
        const auto [end, other] =
            std::mismatch(ids[index - 1].begin(), ids[index - 1].end(), ids[index].begin(), ids[index].end());
        length = std::max(length, std::size_t(end - ids[index - 1].begin()) + 1);
    }
    return length;
}

} // namespace dilascope
