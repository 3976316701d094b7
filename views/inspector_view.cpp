#include "views/inspector_view.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <algorithm>
#include <fmt/format.h>
#include <imgui.h>

namespace dilascope {

namespace {

constexpr std::size_t recent_runs_max = 8;

Colour tone_colour(CardRow::Tone tone) {
    const Theme& colours = theme();
    switch (tone) {
    case CardRow::accent: return colours.accent;
    case CardRow::good: return colours.good;
    case CardRow::warning: return colours.warning;
    case CardRow::bad: return colours.bad;
    default: return colours.text;
    }
}

float text_width(const std::string& text, TextStyle style) {
    ImGui::PushFont(imgui_font(style));
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    ImGui::PopFont();
    return width;
}

// Values end on one line, units stand behind it; a click copies the value.
void draw_rows(const char* card, const std::vector<CardRow>& rows) {
    const float room = ImGui::GetContentRegionAvail().x;
    const float gap = ImGui::GetStyle().ItemSpacing.x;
    const float values_right = room - text_width("GFLOP/s", TextStyle::caption) - gap; // the same in every card
    for (const CardRow& row : rows) {
        ImGui::BeginGroup();
        text_line(row.label, TextStyle::body, theme().muted);
        // Within a group SameLine() counts from the group's left end.
        const float label_right = text_width(row.label, TextStyle::body) + gap;
        ImGui::SameLine(std::max(label_right, values_right - text_width(row.value, TextStyle::number)));
        text_line(row.value, TextStyle::number, tone_colour(row.tone));
        if (!row.unit.empty()) {
            ImGui::SameLine(values_right + gap);
            text_line(row.unit, TextStyle::caption, theme().muted);
        }
        ImGui::EndGroup();
        mark_item((std::string("inspector/") + card + "/" + row.label).c_str());
        if (ImGui::IsItemClicked())
            ImGui::SetClipboardText((row.value + (row.unit.empty() ? "" : " " + row.unit)).c_str());
        item_tooltip(row.help);
    }
}

void muted_sentence(const std::string& text) {
    ImGui::PushTextWrapPos(0);
    text_line(text, TextStyle::caption, theme().muted);
    ImGui::PopTextWrapPos();
}

void draw_branch(int branch, const std::string& label, bool sees) {
    const Colour colour = branch_colour(branch).with_alpha(sees ? 1.f : 0.5f);
    const ImU32 packed_colour = IM_COL32(colour.r, colour.g, colour.b, colour.a);
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float line = ImGui::GetTextLineHeight(), side = line * 0.7f;
    const ImVec2 low = {corner.x, corner.y + (line - side) / 2}, high = {corner.x + side, corner.y + (line + side) / 2};
    if (sees)
        ImGui::GetWindowDrawList()->AddRectFilled(low, high, packed_colour, 2);
    else
        ImGui::GetWindowDrawList()->AddRect(low, high, packed_colour, 2);
    ImGui::Dummy({side, line});
    ImGui::SameLine();
    text_line(label, TextStyle::number, sees ? theme().text : theme().disabled);
}

CardRow status_row(const Run& run) {
    CardRow row{run.config.pattern.substr(0, run.config.pattern.find(' ')) + " · " + format_tokens(run.config.seq_len),
                "", "", case_text(run.config)};
    if (run.status == RunStatus::done && run.time_ms_median > 0) {
        const NumberText time = format_time_ms(run.time_ms_median);
        row.value = time.number;
        row.unit = time.unit;
        if (run.verdict != "ok") row.tone = CardRow::bad;
    } else {
        row.value = std::string(enum_name(run.status));
        row.tone = run.status == RunStatus::failed    ? CardRow::bad
                   : run.status == RunStatus::running ? CardRow::accent
                                                      : CardRow::warning;
    }
    row.help +=
        "\n" + std::string(enum_name(run.status)) + (run.verdict.empty() ? "" : ", " + run.verdict) + "\n" + run.id;
    return row;
}

CardRow row_keys_row(const CellFacts& facts) {
    if (!facts.row_keys)
        return {"keys of this query", "–", "keys", "Counting a causal row along a curve takes too long at this length"};
    return {"keys of this query", format_count(*facts.row_keys), "keys",
            fmt::format("Distinct keys this query sees; {} counted by branch", format_count(*facts.row_multiplicity))};
}

} // namespace

std::vector<CardRow> cell_rows(const CellFacts& facts) {
    std::vector<CardRow> rows = {
        {"query", format_count(facts.q), "", "Row of the matrix"},
        {"key", format_count(facts.k), "", "Column of the matrix"},
        {"distance", format_count(facts.distance), "tokens", "Query position − key: how far back the key is"},
        {"multiplicity", std::to_string(facts.multiplicity), "×", "How often the pair counts in the softmax",
         facts.multiplicity == 0 ? CardRow::plain : CardRow::accent},
        row_keys_row(facts)};
    const auto add_place = [&](const char* label, const CellFacts::Place& at, const std::string& help) {
        rows.push_back({label, format_count(at.q) + ", " + format_count(at.k), "", help});
    };
    if (facts.block) add_place("block", *facts.block, "Row and column in the pattern's blocks");
    add_place("tile", facts.tile, fmt::format("Row and column in tiles of {0} × {0} tokens", facts.tile_tokens));
    if (facts.rank) add_place("rank", *facts.rank, "Places of query and key along the curve");
    if (facts.compared)
        rows.push_back({"multiplicity in A", std::to_string(*facts.compared), "×", "How often it counts in pattern A"});
    if (!facts.weight)
        rows.push_back({"weight", "–", "", "Shown once the heatmap covers this cell"});
    else if (facts.weight->is_cell())
        rows.push_back(
            {"weight", format_significant(facts.weight->weight), "", format_exact(facts.weight->weight, "")});
    else
        rows.push_back({"Σ weight of pixel", format_significant(facts.weight->weight), "", weight_text(facts)});
    return rows;
}

std::vector<CardRow> count_rows(const PatternCounts& counts, const RowCounts* rows) {
    const double all = double(counts.request.problem.seq_len) * double(counts.request.problem.kv_len);
    std::vector<CardRow> card = {
        {"active pairs", format_count(counts.active_pairs), "pairs",
         "Distinct (query, key) pairs of this head, union over its branches; exact"},
        {"density", format_significant(counts.density() * 100), "%",
         fmt::format("Active ÷ allowed pairs = {} ÷ {}; of all N × M pairs {}", format_count(counts.active_pairs),
                     format_count(counts.allowed_pairs), format_percent(double(counts.active_pairs) / all))},
        {"multiplicity", format_significant(counts.overlap()), "×",
         fmt::format("Pairs counted once for each branch ÷ active pairs = {} ÷ {}", format_count(counts.multiplicity),
                     format_count(counts.active_pairs))}};
    if (rows && rows->is_complete) {
        card.push_back({"keys / query, max", format_count(rows->keys_max), "keys",
                        fmt::format("Most distinct keys of one query, first at query {}; the least is {}",
                                    format_count(rows->query_max), format_count(rows->keys_min))});
        card.push_back({"queries without keys", format_count(rows->empty_queries), "",
                        rows->empty_queries > 0
                            ? fmt::format("The first is query {}; their output is 0", format_count(rows->first_empty))
                            : "Every query sees at least one key",
                        rows->empty_queries > 0 ? CardRow::warning : CardRow::good});
    }
    if (counts.request.problem.heads > 1)
        card.push_back(
            {"all heads", format_count(counts.all_active_pairs), "pairs",
             fmt::format("Active pairs of all {} heads; {} counted by branch",
                         format_count(counts.request.problem.heads), format_count(counts.all_multiplicity))});
    return card;
}

std::vector<CardRow> time_rows(const LiveResult& live) {
    std::vector<CardRow> rows;
    if (live.time_ms_median > 0) {
        const NumberText median = format_time_ms(live.time_ms_median);
        std::string repeats = fmt::format("Median of {} quick calls:", live.times_ms.size());
        for (const double time_ms : live.times_ms) repeats += " " + format_time_ms(time_ms).joined();
        rows.push_back({"measured, median", median.number, median.unit, repeats, CardRow::accent});
        const auto [fastest, slowest] = std::minmax_element(live.times_ms.begin(), live.times_ms.end());
        if (live.times_ms.size() > 1) {
            const NumberText low = format_time_ms(*fastest), high = format_time_ms(*slowest);
            rows.push_back(
                {"fastest … slowest",
                 low.unit == high.unit ? low.number + " … " + high.number : low.joined() + " … " + high.number,
                 high.unit, repeats});
        }
        rows.push_back({"throughput", format_significant(live.gflop_per_s), "GFLOP/s",
                        "Matmul FLOPs that the pattern needs (4·D for each counted pair) ÷ median time"});
    }
    const bool is_ok = live.verdict == "ok";
    if (!live.verdict.empty())
        rows.push_back({"verdict",
                        is_ok                               ? "ok"
                        : live.verdict.starts_with("wrong") ? "wrong"
                                                            : "none",
                        "", is_ok ? "Equal to the float64 reference on sampled rows" : live.verdict,
                        is_ok                               ? CardRow::good
                        : live.verdict.starts_with("wrong") ? CardRow::bad
                                                            : CardRow::warning});
    rows.push_back({"backend", live.backend, "", live.kernel});
    return rows;
}

InspectorView::InspectorView()
    : counts_([](const CountsRequest& request, const std::atomic<bool>&) { return count_pattern(request); }),
      rows_([](const CountsRequest& request, const std::atomic<bool>& cancel) { return scan_rows(request, cancel); },
            JobPace::later) {}

void InspectorView::draw(Workspace& workspace, Canvas&) {
    draw_cell(workspace);
    section_rule();
    draw_counts(workspace);
    section_rule();
    draw_time(workspace);
    section_rule();
    draw_runs(workspace);
}

void InspectorView::draw_cell(Workspace& workspace) {
    const Selection& at = workspace.selection;
    section_title("Cell", at.hovered ? "under the mouse" : "picked");
    const CellFacts facts = cell_facts(workspace, at.q, at.k);
    text_line(attendance_text(facts), TextStyle::body, facts.branches.empty() ? theme().muted : theme().text);
    // All branches stay listed, so that nothing below moves with the mouse; those that see the pair are filled.
    constexpr int listed_max = 8;
    const int count = branch_count(workspace.pattern);
    for (int branch = 0; branch < count; ++branch) {
        const bool sees = std::find(facts.branches.begin(), facts.branches.end(), branch) != facts.branches.end();
        if (sees || count <= listed_max) draw_branch(branch, branch_label(workspace.pattern, branch), sees);
    }
    draw_rows("cell", cell_rows(facts));
}

void InspectorView::draw_counts(Workspace& workspace) {
    const CountsRequest request{workspace.version, workspace.pattern, workspace.problem, workspace.selection.head};
    section_title("Cost", fmt::format("head {}", request.head));
    const auto counts = counts_.ask(request);
    const bool scans = can_scan(request.pattern, request.problem);
    const auto rows = scans ? rows_.ask(request, 0) : nullptr;
    const bool has_rows = rows && rows_.pending_s() == 0;
    is_complete_ = counts && counts_.pending_s() == 0 && (!scans || has_rows);
    if (!counts) return muted_sentence("Counting …");
    if (counts->active_pairs == 0) {
        text_line("no pairs", TextStyle::headline, theme().warning);
    } else {
        text_line(format_significant(counts->ideal_speedup(), 3) + " ×", TextStyle::headline, theme().text);
        item_tooltip(fmt::format("Allowed ÷ active pairs = {} ÷ {}", format_count(counts->allowed_pairs),
                                 format_count(counts->active_pairs)));
        ImGui::SameLine();
        ImGui::SetCursorPosY(ImGui::GetCursorPosY() + ImGui::GetFontSize() * 0.4f);
        text_line("fewer pairs than dense", TextStyle::body, theme().muted);
    }
    draw_rows("counts", count_rows(*counts, has_rows ? rows.get() : nullptr));
}

void InspectorView::draw_time(Workspace& workspace) {
    section_title("Time", workspace.config.direction);
    const LiveResult* live = workspace.live.get();
    if (!workspace.live_enabled) {
        muted_sentence("The live engine is off.");
        if (text_button("inspector/live", "Turn live on")) workspace.live_enabled = true;
        return;
    }
    if (!live) return muted_sentence("The measured time appears here when the live engine has run once.");
    if (!live->error.empty()) {
        ImGui::PushTextWrapPos(0);
        text_line(live->error, TextStyle::caption, theme().bad);
        ImGui::PopTextWrapPos();
        mark_item("inspector/time/error");
        if (text_button("inspector/copy_error", "Copy details"))
            ImGui::SetClipboardText((live->error + "\n" + case_text(live->config)).c_str());
        return;
    }
    // An older configuration's time stays readable, but is said to be one.
    const bool is_old = !(live->config == workspace.config);
    if (is_old) ImGui::PushStyleVar(ImGuiStyleVar_Alpha, 0.5f * ImGui::GetStyle().Alpha);
    draw_rows("time", time_rows(*live));
    if (is_old) ImGui::PopStyleVar();
    if (is_old && workspace.config_error.empty())
        muted_sentence(fmt::format("of the configuration before; running for {:.1f} s", workspace.live_pending_s));
    else if (live->time_ms_median == 0 && !live->verdict.empty())
        muted_sentence(live->verdict);
}

void InspectorView::draw_runs(Workspace& workspace) {
    section_title("Recent runs", workspace.runs && !workspace.runs->empty()
                                     ? format_count(std::int64_t(workspace.runs->size())) + " in the store"
                                     : "");
    if (!workspace.runs || workspace.runs->empty())
        return muted_sentence("Run and save (Ctrl+R) puts its verified result here.");
    std::vector<const Run*> newest;
    for (const Run& run : *workspace.runs) newest.push_back(&run);
    const std::size_t count = std::min(recent_runs_max, newest.size());
    std::partial_sort(newest.begin(), newest.begin() + std::ptrdiff_t(count), newest.end(),
                      [](const Run* a, const Run* b) { return a->id > b->id; });
    std::vector<CardRow> rows;
    for (std::size_t index = 0; index < count; ++index) rows.push_back(status_row(*newest[index]));
    draw_rows("runs", rows);
}

} // namespace dilascope
