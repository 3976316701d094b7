#include "views/run_cell.h"
#include "views/fitted_text.h"
#include "views/imgui_colour.h"
#include "views/plot_layout.h"
#include "views/theme.h"

#include <algorithm>

namespace dilascope {
namespace {

constexpr std::size_t measured_rows = 64;
constexpr float sort_arrow_width = 16; // logical pixels

const RunColumn& described(int column) { return run_columns()[std::size_t(column)]; }

Colour cell_colour(int column, std::string_view text, bool differs) {
    const Theme& t = theme();
    if (described(column).name == "status") {
        if (text == "done") return t.good;
        if (text == "failed") return t.bad;
        if (text == "interrupted" || text == "cancelled") return t.warning;
        return text == "running" ? t.accent : t.muted;
    }
    if (described(column).name == "verdict") return text == "ok" ? t.good : text.starts_with("wrong") ? t.bad : t.muted;
    return differs ? t.text : t.muted;
}

// The canvas draws into the panel; the cells of a scrolling table lie in a window of their own.
void draw_text(Point at, float height, std::string_view text, TextStyle style, Colour colour) {
    const ImFont* font = imgui_font(style);
    const ImVec2 corner = {at.x, at.y + (height - font->FontSize) / 2};
    ImGui::GetWindowDrawList()->AddText(font, font->FontSize, corner, colour32(colour), text.data(),
                                        text.data() + text.size());
}

} // namespace

ShownCell shown_cell(const RunTable& table, const Run& run, int column) {
    const ColumnFacts& facts = table.facts[std::size_t(column)];
    const RunValue value = run_value(run, column);
    const auto* real = std::get_if<double>(&value);
    const auto* whole = std::get_if<std::int64_t>(&value);
    const bool is_missing = real && *real == 0 && run.status != RunStatus::done;
    ShownCell cell;
    cell.text = is_missing ? "–" : run_value_text(value, ValueForm::short_form);
    const bool is_identity = described(column).name == "id" || described(column).name == "case_hash";
    if (described(column).is_number || is_identity) cell.style = TextStyle::caption_number;
    if (described(column).is_number) cell.align = Align::right;
    cell.colour = cell_colour(column, cell.text, facts.differs || table.rows.size() == 1);
    if ((real || whole) && facts.differs && facts.min >= 0 && facts.max > 0)
        cell.bar = float(std::clamp((real ? *real : double(*whole)) / facts.max, 0.0, 1.0));
    return cell;
}

bool draw_cell(const Canvas& canvas, const ShownCell& cell, Point at, float width, float height) {
    const float scale = canvas.scale();
    if (cell.bar > 0)
        ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + 4 * scale},
                                                  {at.x + width * cell.bar, at.y + height - 4 * scale},
                                                  colour32(theme().accent.with_alpha(0.13f)), 2 * scale);
    const std::string text = shortened(canvas, cell.text, cell.style, width / scale);
    const float slack = width - canvas.text_size(text, cell.style).x * scale;
    draw_text({at.x + (cell.align == Align::right ? std::max(0.f, slack) : 0), at.y}, height, text, cell.style,
              cell.colour);
    return text != cell.text;
}

void draw_heading(const Canvas& canvas, int column, bool is_sorted, Point at, float width, float height) {
    const float scale = canvas.scale(), gap = 6 * scale;
    const std::string &name = described(column).name, &unit = described(column).unit;
    const float name_width = canvas.text_size(name, TextStyle::caption).x * scale;
    const float unit_width = unit.empty() ? 0 : gap + canvas.text_size(unit, TextStyle::caption).x * scale;
    const float arrow = is_sorted ? sort_arrow_width * scale : 0;
    if (described(column).is_number) at.x += std::max(0.f, width - name_width - unit_width - arrow);
    draw_text(at, height, name, TextStyle::caption, is_sorted ? theme().text : theme().muted);
    if (!unit.empty()) draw_text({at.x + name_width + gap, at.y}, height, unit, TextStyle::caption, theme().muted);
}

std::vector<float> column_widths(const Canvas& canvas, const RunTable& table, std::span<const int> columns) {
    const std::size_t stride = std::max<std::size_t>(1, table.rows.size() / measured_rows);
    std::vector<float> widths;
    for (const int column : columns) {
        float width = canvas.text_size(described(column).name + "  " + described(column).unit, TextStyle::caption).x +
                      sort_arrow_width + 4;
        const auto measure = [&](const Run& run) {
            const ShownCell cell = shown_cell(table, run, column);
            width = std::max(width, canvas.text_size(cell.text, cell.style).x);
        };
        for (std::size_t row = 0; row < table.rows.size(); row += stride) measure(table.run(row));
        if (!table.rows.empty()) measure((*table.request.runs)[table.facts[std::size_t(column)].longest]);
        widths.push_back(std::clamp(width + 4, 56.f, 280.f));
    }
    return widths;
}

} // namespace dilascope
