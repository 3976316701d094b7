#include "experiments/export.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dilascope {

namespace {

constexpr std::size_t widest_cell = 48; // characters of a table's cell

// The bytes that start a character; the others of UTF-8 continue one.
bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }

std::size_t width_of(const std::string& text) {
    return std::size_t(std::count_if(text.begin(), text.end(), starts_character));
}

std::string shortened(const std::string& text) {
    if (width_of(text) <= widest_cell) return text;
    std::size_t end = 0, width = 0;
    while (end < text.size() && (width += starts_character(text[end])) < widest_cell) ++end;
    return text.substr(0, end) + "…";
}

std::string rounded(const RunCell& cell) {
    if (const auto* real = std::get_if<double>(&cell)) {
        const double size = std::abs(*real);
        const bool is_whole = size >= 1e4 && size < 1e9; // 312000, not 3.12e+05
        return std::isnan(*real) ? "–" : is_whole ? fmt::format("{:.0f}", *real) : fmt::format("{:.4g}", *real);
    }
    std::string text = cell_text(cell);
    std::replace_if(
        text.begin(), text.end(), [](char letter) { return letter == '\n' || letter == '\r' || letter == '\t'; }, ' ');
    return text;
}

nlohmann::ordered_json json_value(const RunCell& cell) {
    return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, cell); // NaN prints as null
}

std::string csv(const RunSelection& selection) {
    std::string text;
    const bool with_samples = !selection.samples_ms.empty();
    const auto line = [&](auto&& field_of) {
        for (std::size_t position = 0; position < selection.columns.size(); ++position)
            text += (position ? "," : "") + csv_field(field_of(selection.columns[position]));
    };
    line([](std::size_t column) { return run_columns()[column].name; });
    text += with_samples ? ",samples_ms\r\n" : "\r\n";
    for (std::size_t row = 0; row < selection.runs.size(); ++row) {
        const std::vector<RunCell> cells = run_cells(selection.runs[row]);
        line([&](std::size_t column) { return cell_text(cells[column]); });
        if (with_samples) text += fmt::format(",{}", fmt::join(selection.samples_ms[row], ";"));
        text += "\r\n";
    }
    return text;
}

std::string json(const RunSelection& selection) {
    auto list = nlohmann::ordered_json::array();
    for (std::size_t row = 0; row < selection.runs.size(); ++row) {
        const std::vector<RunCell> cells = run_cells(selection.runs[row]);
        auto object = nlohmann::ordered_json::object();
        for (std::size_t column : selection.columns) object[run_columns()[column].name] = json_value(cells[column]);
        if (!selection.samples_ms.empty()) object["samples_ms"] = selection.samples_ms[row];
        list.push_back(std::move(object));
    }
    return list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string markdown_cell(const std::string& text) {
    std::string escaped;
    for (char letter : text) escaped += letter == '|' ? std::string("\\|") : std::string(1, letter);
    return escaped;
}

std::string markdown(const RunSelection& selection) {
    std::string header = "|", rule = "|", body;
    for (std::size_t index : selection.columns) {
        const RunColumn& column = run_columns()[index];
        header += column.unit.empty() ? fmt::format(" {} |", column.name)
                                      : fmt::format(" {} ({}) |", column.name, column.unit);
        rule += column.is_number ? " ---: |" : " --- |";
    }
    for (const Run& run : selection.runs) {
        const std::vector<RunCell> cells = run_cells(run);
        body += "|";
        for (std::size_t column : selection.columns)
            body += fmt::format(" {} |", markdown_cell(rounded(cells[column])));
        body += "\n";
    }
    return header + "\n" + rule + "\n" + body;
}

// Names, units and rows in columns of equal width; numbers to the right.
std::string table(const RunSelection& selection) {
    const std::size_t id_length = distinct_id_length(selection.runs);
    std::vector<std::vector<std::string>> lines(2);
    bool has_units = false;
    for (std::size_t column : selection.columns) {
        lines[0].push_back(run_columns()[column].name);
        lines[1].push_back(run_columns()[column].unit);
        has_units |= !lines[1].back().empty();
    }
    if (!has_units) lines.pop_back();
    for (const Run& run : selection.runs) {
        const std::vector<RunCell> cells = run_cells(run);
        lines.emplace_back();
        for (std::size_t column : selection.columns)
            lines.back().push_back(run_columns()[column].name == "id" ? run.id.substr(0, id_length)
                                                                      : shortened(rounded(cells[column])));
    }
    std::vector<std::size_t> widths(selection.columns.size());
    for (const auto& line : lines)
        for (std::size_t position = 0; position < line.size(); ++position)
            widths[position] = std::max(widths[position], width_of(line[position]));
    std::string text;
    for (const auto& line : lines) {
        std::string row;
        for (std::size_t position = 0; position < line.size(); ++position) {
            const std::string gap(widths[position] - width_of(line[position]), ' ');
            const bool is_number = run_columns()[selection.columns[position]].is_number;
            row += (position ? "  " : "") + (is_number ? gap + line[position] : line[position] + gap);
        }
        row.erase(row.find_last_not_of(' ') + 1);
        text += row + "\n";
    }
    return text;
}

} // namespace

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char letter : text) quoted += letter == '"' ? std::string("\"\"") : std::string(1, letter);
    return quoted + "\"";
}

std::string export_runs(const RunSelection& selection, RunFormat format) {
    switch (format) {
    case RunFormat::csv: return csv(selection);
    case RunFormat::json: return json(selection);
    case RunFormat::md: return markdown(selection);
    case RunFormat::table: break;
    }
    return table(selection);
}

std::string describe_run(const Run& run) {
    const std::vector<RunCell> cells = run_cells(run);
    std::string text;
    for (std::size_t column = 0; column < cells.size(); ++column) {
        const RunColumn& about = run_columns()[column];
        const auto* real = std::get_if<double>(&cells[column]);
        std::string value = real && !std::isnan(*real) ? fmt::format("{:.6g}", *real) : cell_text(cells[column]);
        if (value.empty())
            value = "–";
        else if (!about.unit.empty())
            value += " " + about.unit;
        text += fmt::format("{:16} {:<32} {}\n", about.name, value, about.help);
    }
    return text;
}

} // namespace dilascope
