#include "app/palette.h"
#include "app/controls.h"
#include "app/workbench.h"
#include "engine/pattern/pattern_text.h"
#include "views/number_format.h"
#include <algorithm>
#include <cctype>
#include <imgui_stdlib.h>

namespace dilascope {
namespace {

constexpr std::size_t shown_max = 14;           // rows without scrolling
constexpr std::size_t searched_runs_max = 1000; // the newest: a frame looks at all of them

char lower(char c) { return char(std::tolower(static_cast<unsigned char>(c))); }
bool starts_word(std::string_view text, std::size_t at) {
    return at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]));
}

} // namespace

int match_score(std::string_view query, std::string_view text) {
    int score = 0;
    std::size_t at = 0;
    bool together = false;
    for (const char letter : query) {
        if (letter == ' ') {
            together = false;
            continue;
        }
        // The start of a word is preferred to the next occurrence.
        std::size_t found = std::string_view::npos;
        for (std::size_t index = at; index < text.size(); ++index) {
            if (lower(text[index]) != lower(letter)) continue;
            if (found == std::string_view::npos) found = index;
            if ((together && index == at) || starts_word(text, index)) {
                found = index;
                break;
            }
        }
        if (found == std::string_view::npos) return -1;
        score += together && found == at ? 8 : starts_word(text, found) ? 6 : 1;
        at = found + 1;
        together = true;
    }
    return score;
}

std::vector<Palette::Entry> Palette::find(const Workbench& bench) const {
    std::vector<Entry> entries;
    const auto offer = [&](Entry entry, int bias) {
        const int title = match_score(query_, entry.title);
        const int detail = query_.size() < 3 ? -1 : match_score(query_, entry.detail) / 4;
        entry.score = std::max(title, detail);
        if (entry.score < 0) return;
        entry.score += bias;
        entries.push_back(std::move(entry));
    };
    for (const Command& command : bench.commands) {
        const bool enabled = !command.is_enabled || command.is_enabled(bench);
        const std::string id = command.id;
        offer({command.title, command.help, key_text(command), enabled, command.action, 0}, 2);
    }
    for (const Preset& preset : presets()) {
        const std::string text = to_text(preset.pattern);
        offer({std::string("Preset ") + preset.name, text, "", true,
               [text](Workbench& target) {
                   Case next = target.workspace.config;
                   next.pattern = text;
                   target.workspace.set_config(next);
               },
               0},
              1);
    }
    if (bench.workspace.runs && !query_.empty()) {
        const std::vector<Run>& runs = *bench.workspace.runs;
        for (std::size_t index = 0; index < std::min(runs.size(), searched_runs_max); ++index) {
            const Run& run = runs[index];
            if (run.status != RunStatus::done) continue;
            offer({"Run " + run.config.pattern,
                   run.experiment + " · N " + std::to_string(run.config.seq_len) + " · " +
                       format_time_ms(run.time_ms_median).joined(),
                   "", true,
                   [id = run.id](Workbench& target) {
                       target.workspace.selection.run_ids.insert(id);
                       target.show("timing");
                   },
                   0},
                  0);
        }
    }
    if (query_.size() > 3 && parse_pattern(query_)) {
        const std::string text = query_;
        entries.push_back({"Use pattern " + text, "The text form of a pattern", "", true,
                           [text](Workbench& target) {
                               Case next = target.workspace.config;
                               next.pattern = text;
                               target.workspace.set_config(next);
                           },
                           1000});
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.score > b.score; });
    return entries;
}

bool Palette::draw_entries(Workbench& bench, const std::vector<Entry>& entries, bool confirmed) {
    const float row_height = 28 * bench.scale;
    const std::size_t visible = std::min(entries.size(), shown_max);
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::BeginChild("results", {0, row_height * float(std::max<std::size_t>(visible, 1))});
    const float width = ImGui::GetContentRegionAvail().x;
    bool done = false;
    for (std::size_t index = 0; index < entries.size(); ++index) {
        const Entry& entry = entries[index];
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const std::string id = "palette/" + std::to_string(index);
        const bool is_chosen = int(index) == chosen_;
        const bool clicked = ImGui::InvisibleButton(id.c_str(), {width, row_height});
        mark_item(id.c_str());
        if (ImGui::IsItemHovered() && (ImGui::GetIO().MouseDelta.x != 0 || ImGui::GetIO().MouseDelta.y != 0))
            chosen_ = int(index);
        if (is_chosen && moved_) ImGui::SetScrollHereY();
        ImDrawList* list = ImGui::GetWindowDrawList();
        if (is_chosen)
            list->AddRectFilled(at, {at.x + width, at.y + row_height}, colour_u32(theme().accent.with_alpha(0.16f)),
                                space::radius * bench.scale);
        const float inset = space::gap * bench.scale;
        const float keys_width = entry.keys.empty() ? 0 : label_size(entry.keys, TextStyle::caption_number).x + inset;
        const auto draw_text = [&](float x, std::string_view text, TextStyle style, Colour colour, float right) {
            const ImVec2 size = label_size(text, style);
            const ImVec4 clip = {at.x, at.y, right, at.y + row_height};
            const ImFont* font = imgui_font(style);
            list->AddText(font, font->FontSize, {std::round(x), std::round(at.y + (row_height - size.y) / 2)},
                          colour_u32(colour), text.data(), text.data() + text.size(), 0, &clip);
            return size.x;
        };
        const float right = at.x + width - inset - keys_width;
        float x = at.x + inset;
        x += draw_text(x, entry.title, TextStyle::body, entry.enabled ? theme().text : theme().disabled, right) + inset;
        if (x < right) draw_text(x, entry.detail, TextStyle::caption, theme().muted, right);
        if (!entry.keys.empty())
            draw_text(right + inset, entry.keys, TextStyle::caption_number, theme().muted, at.x + width);
        if ((clicked || (confirmed && is_chosen)) && entry.enabled) {
            entry.action(bench);
            done = true;
        }
    }
    if (entries.empty())
        text_line("Nothing matches. A pattern's text form works here too.", TextStyle::caption, theme().muted);
    ImGui::EndChild();
    ImGui::PopStyleVar();
    moved_ = false;
    return done;
}

bool Palette::draw(Workbench& bench) {
    bool open = true;
    if (is_new_) ImGui::SetKeyboardFocusHere();
    is_new_ = false;
    ImGui::SetNextItemWidth(-1);
    const std::string before = query_;
    const bool confirmed = ImGui::InputTextWithHint("##query", "Search commands, presets, runs; or type a pattern",
                                                    &query_, ImGuiInputTextFlags_EnterReturnsTrue);
    mark_item("palette/query");
    if (query_ != before) chosen_ = 0;
    const std::vector<Entry> entries = find(bench);
    const int last = std::max(0, int(entries.size()) - 1);
    const auto move = [&](int step) {
        chosen_ = std::clamp(chosen_ + step, 0, last);
        moved_ = true;
    };
    if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_DownArrow))) move(1);
    if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_UpArrow))) move(-1);
    ImGui::Spacing();
    if (draw_entries(bench, entries, confirmed)) open = false;
    return open;
}

} // namespace dilascope
