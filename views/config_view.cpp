#include "views/config_view.h"
#include "engine/backends/backend.h"
#include "engine/pattern/pattern_text.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

namespace dilascope {

namespace {

constexpr NumberStyle segment_style{NumberStyle::lengths, 1, 1, std::int64_t(1) << 40, false};

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

// The strings of a case that have a fixed choice; empty for the others.
std::vector<std::string_view> choices_of(std::string_view field) {
    if (field == "dtype") return {"f32", "f16", "bf16"};
    if (field == "backend") {
        std::vector<std::string_view> names = {"auto"};
        for (const Backend* backend : backends()) names.push_back(backend->name());
        return names;
    }
    std::vector<std::string_view> names;
    if (field == "direction")
        for (std::string_view name : enum_names(Direction{})) names.push_back(name);
    if (field == "cache")
        for (std::string_view name : enum_names(CacheState{})) names.push_back(name);
    return names;
}

bool is_main_field(std::string_view name) {
    for (std::string_view main : {"seq_len", "heads", "head_dim", "causal", "backend"})
        if (name == main) return true;
    return false;
}

bool string_row(FieldEditor& editor, const Field& field, std::string& value) {
    const std::vector<std::string_view> choices = choices_of(field.name);
    if (choices.empty()) return editor.row(field, value);
    int index = int(std::find(choices.begin(), choices.end(), value) - choices.begin());
    if (!editor.choice_row(field, choices, index)) return false;
    value = choices[std::size_t(index)];
    return true;
}

bool number_row(FieldEditor& editor, const Field& field, Case& config, std::int64_t& value) {
    const std::string_view name = field.name;
    if (name == "kv_len" || name == "kv_heads") { // shown as what 0 stands for
        const std::int64_t same = name == "kv_len" ? config.seq_len : config.heads;
        std::int64_t shown = value == 0 ? same : value;
        NumberStyle style{name == "kv_len" ? NumberStyle::lengths : NumberStyle::linear, 1, 1, std::int64_t(field.max),
                          true};
        if (!editor.number_row(field, style, shown)) return false;
        value = shown == same ? 0 : shown;
        return true;
    }
    if (name == "head_dim")
        return editor.number_row(field, {NumberStyle::linear, 8, 1, std::int64_t(field.max), true}, value);
    if (name == "seq_len") // what people look at fits the bar; longer ones can be typed
        return editor.number_row(field, {NumberStyle::lengths, 1, 1, std::int64_t(1) << 30, true}, value);
    return editor.row(field, value);
}

// One row of the case's form; false when unchanged.
template <class T> bool case_row(FieldEditor& editor, const Field& field, Case& config, T& value) {
    if constexpr (std::is_same_v<T, std::string>)
        return string_row(editor, field, value);
    else if constexpr (std::is_same_v<T, std::int64_t>)
        return number_row(editor, field, config, value);
    else
        return editor.row(field, value);
}

} // namespace

std::int64_t branch_keys(const Dilated& dilated, const Problem& problem, int branch) {
    const BranchView view = branch_view(dilated, problem, 0, branch);
    const std::int64_t segment = std::min(view.segment_length, problem.kv_len);
    return count_in({view.phase % view.rate, view.rate}, {0, segment});
}

Pattern preset_pattern(const Preset& preset, const Pattern& before) {
    Pattern pattern = preset.pattern;
    const Dilated* old = std::get_if<Dilated>(&before.kind);
    if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind); dilated && old) {
        dilated->segment_lengths = old->segment_lengths;
        dilated->dilation_rates = old->dilation_rates;
    }
    return pattern;
}

void add_branch(Dilated& dilated) {
    dilated.segment_lengths.push_back(dilated.segment_lengths.empty() ? 2048 : dilated.segment_lengths.back() * 2);
    dilated.dilation_rates.push_back(dilated.dilation_rates.empty() ? 1 : dilated.dilation_rates.back() * 2);
}

void remove_branch(Dilated& dilated, int branch) {
    if (dilated.segment_lengths.size() < 2) return;
    dilated.segment_lengths.erase(dilated.segment_lengths.begin() + branch);
    if (std::size_t(branch) < dilated.dilation_rates.size())
        dilated.dilation_rates.erase(dilated.dilation_rates.begin() + branch);
}

void ConfigView::draw(Workspace& workspace, Canvas& canvas) {
    const float run_height = ImGui::GetFrameHeight() + 12 * canvas.scale();
    const float room = ImGui::GetContentRegionAvail().y - run_height - 4 * canvas.scale();
    ImGui::BeginChild("config/form", {0, std::max(60.f, room)});
    draw_pattern(workspace);
    section_rule();
    draw_problem(workspace);
    section_rule();
    draw_text(workspace);
    section_rule();
    draw_more(workspace);
    ImGui::EndChild();
    ImGui::Dummy({0, 0});
    draw_run(workspace);
}

void ConfigView::draw_pattern(Workspace& workspace) {
    if (form_text_ != workspace.config.pattern) {
        form_text_ = workspace.config.pattern;
        if (const Result<Pattern> read = parse_pattern(form_text_)) form_ = *read;
    }
    section_title("Pattern", first_word(workspace.config.pattern));
    ImGui::Dummy({0, 0});
    draw_preset(workspace, form_);
    Pattern edited = form_;
    bool changed = false;
    std::visit(
        [&](auto& kind) {
            using Kind = std::remove_cvref_t<decltype(kind)>;
            if constexpr (std::is_same_v<Kind, Dilated>) {
                changed = draw_branches(workspace, kind);
                Kind::visit(kind, [&](const Field& field, auto& member) {
                    Field shown = field;
                    if (std::string_view(field.name) == "heads") shown.name = "head_mode"; // "heads" is the problem's
                    if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(member)>, std::vector<std::int64_t>>)
                        changed |= pattern_editor_.row(shown, member);
                });
            } else
                changed = field_rows(pattern_editor_, kind);
        },
        edited.kind);
    if (!changed) return;
    Case next = workspace.config;
    next.pattern = to_text(edited);
    workspace.set_config(next, pattern_editor_.gesture());
}

void ConfigView::draw_preset(Workspace& workspace, const Pattern& pattern) {
    const std::string present = first_word(to_text(pattern));
    ImGui::SetNextItemWidth(-1);
    const bool open = ImGui::BeginCombo("##config/preset", present.c_str(), ImGuiComboFlags_HeightLarge);
    mark_item("config/preset");
    item_tooltip("Kind of pattern, or a published meaning of dilated attention");
    if (!open) return;
    for (const Preset& preset : presets()) {
        const bool chosen = ImGui::Selectable(preset.name, present == preset.name);
        mark_item((std::string("config/preset/") + preset.name).c_str());
        item_tooltip(preset.help);
        if (!chosen || present == preset.name) continue;
        Case next = workspace.config;
        next.pattern = to_text(preset_pattern(preset, pattern));
        workspace.set_config(next);
    }
    ImGui::EndCombo();
}

bool ConfigView::draw_branches(Workspace& workspace, Dilated& dilated) {
    const float room = ImGui::GetContentRegionAvail().x, height = ImGui::GetFrameHeight(),
                left = ImGui::GetCursorPosX();
    const float segment_left = left + height, rate_left = left + room * 0.47f, keys_right = left + room - height;
    const float segment_width = rate_left - segment_left - 8, rate_width = room * 0.2f;
    const auto header = [&](float at, const char* text) {
        ImGui::SetCursorPosX(at);
        text_line(text, TextStyle::caption, theme().muted);
    };
    header(segment_left, "segment");
    ImGui::SameLine();
    header(rate_left, "rate");
    ImGui::SameLine();
    header(keys_right - ImGui::CalcTextSize("keys/query").x, "keys/query");
    bool changed = false;
    int removed = -1;
    const std::size_t count = std::min(dilated.segment_lengths.size(), dilated.dilation_rates.size());
    for (std::size_t branch = 0; branch < count; ++branch) {
        const std::string index = std::to_string(branch);
        const ImVec2 corner = ImGui::GetCursorScreenPos();
        const Colour swatch = branch_colour(int(branch));
        const float side = height / 2;
        ImGui::GetWindowDrawList()->AddRectFilled({corner.x, corner.y + side / 2},
                                                  {corner.x + side, corner.y + side * 1.5f},
                                                  IM_COL32(swatch.r, swatch.g, swatch.b, 255), 3);
        ImGui::SetCursorPosX(segment_left);
        changed |= pattern_editor_.number(
            "config/segments/" + index, segment_style, dilated.segment_lengths[branch], segment_width,
            "Segment length, tokens. Drag, or click and type; Alt drags in single tokens.");
        ImGui::SameLine(rate_left);
        const NumberStyle rate_style{NumberStyle::linear, 1, 1,
                                     std::max<std::int64_t>(1, dilated.segment_lengths[branch]), false};
        changed |= pattern_editor_.number(
            "config/rates/" + index, rate_style, dilated.dilation_rates[branch], rate_width,
            "Dilation rate: every rate-th token of a segment takes part. Drag, or click and type.");
        const std::string keys = dilated.segment_lengths[branch] > 0 && dilated.dilation_rates[branch] > 0
                                     ? format_count(branch_keys(dilated, workspace.problem, int(branch)))
                                     : "–";
        ImGui::PushFont(imgui_font(TextStyle::caption_number));
        const float width = ImGui::CalcTextSize(keys.c_str()).x;
        ImGui::PopFont();
        ImGui::SameLine(keys_right - width);
        ImGui::AlignTextToFramePadding();
        text_line(keys, TextStyle::caption_number, theme().text);
        item_tooltip("Keys that a query of the branch sees through it, before causality");
        ImGui::SameLine(left + room - height + 2);
        ImGui::BeginDisabled(count < 2);
        ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
        if (text_button(("config/remove/" + index).c_str(), "×", ButtonKind::plain, height - 2)) removed = int(branch);
        ImGui::PopStyleColor();
        ImGui::EndDisabled();
        item_tooltip("Remove this branch");
    }
    ImGui::BeginDisabled(int(count) >= max_branches);
    const bool added = text_button("config/add_branch", "+ branch");
    ImGui::EndDisabled();
    item_tooltip("Add a branch that continues the ladder");
    if (!added && removed < 0) return changed;
    pattern_editor_.end_gesture();
    if (added) add_branch(dilated);
    if (removed >= 0) remove_branch(dilated, removed);
    return true;
}

void ConfigView::draw_problem(Workspace& workspace) {
    section_title("Problem", workspace.tensors_label);
    ImGui::Dummy({0, 0});
    Case next = workspace.config;
    bool changed = false;
    Case::visit(next, [&](const Field& field, auto& value) {
        if (is_main_field(field.name)) changed |= case_row(editor_, field, next, value);
    });
    if (changed) workspace.set_config(next, editor_.gesture());
    editor_.row(Field{"live", "Run the engine in the background after every change"}, workspace.live_enabled);
}

void ConfigView::draw_more(Workspace& workspace) {
    ImGui::PushStyleColor(ImGuiCol_Header, ImVec4(0, 0, 0, 0));
    const bool open = ImGui::CollapsingHeader("More fields");
    ImGui::PopStyleColor();
    mark_item("config/more");
    if (!open) return;
    Case next = workspace.config;
    bool changed = false;
    Case::visit(next, [&](const Field& field, auto& value) {
        if (!is_main_field(field.name) && std::string_view(field.name) != "pattern")
            changed |= case_row(editor_, field, next, value);
    });
    if (changed) workspace.set_config(next, editor_.gesture());
}

void ConfigView::draw_text(Workspace& workspace) {
    section_title("Text form");
    if (!is_editing_text_) text_ = workspace.config.pattern;
    ImGui::PushFont(imgui_font(TextStyle::caption_number));
    const float height = ImGui::GetTextLineHeight() * 3 + ImGui::GetStyle().FramePadding.y * 2;
    const bool changed = ImGui::InputTextMultiline("##config/text", &text_, {-1, height});
    ImGui::PopFont();
    mark_item("config/text");
    is_editing_text_ = ImGui::IsItemActive();
    std::string pasted;
    if (text_button("config/copy", "Copy")) ImGui::SetClipboardText(workspace.config.pattern.c_str());
    item_tooltip("Copy the pattern's text form, as files and the command line take it");
    ImGui::SameLine();
    if (text_button("config/paste", "Paste"))
        if (const char* clipboard = ImGui::GetClipboardText()) pasted = clipboard;
    item_tooltip("Take the pattern from the clipboard");
    ImGui::SameLine();
    if (text_button("config/export", "Export…")) workspace.commands.push_back("file/export");
    item_tooltip("Write a figure: PNG, SVG or PDF");
    if (changed || !pasted.empty()) {
        Case next = workspace.config;
        next.pattern = pasted.empty() ? text_ : pasted;
        workspace.set_config(next, pasted.empty() ? "config/text" : "");
    }
    if (workspace.config_error.empty()) return;
    ImGui::PushTextWrapPos(0);
    text_line(workspace.config_error, TextStyle::caption, theme().bad);
    mark_item("config/error");
    ImGui::PopTextWrapPos();
    text_line("The views show the last valid configuration.", TextStyle::caption, theme().muted);
    if (text_button("config/undo", "Undo")) workspace.undo();
    ImGui::SameLine();
    if (text_button("config/copy_error", "Copy details"))
        ImGui::SetClipboardText((workspace.config_error + "\n" + case_text(workspace.config)).c_str());
}

void ConfigView::draw_run(Workspace& workspace) {
    ImGui::BeginDisabled(!workspace.config_error.empty());
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        {ImGui::GetStyle().FramePadding.x, ImGui::GetStyle().FramePadding.y + 3});
    if (text_button("config/run", "Run and save   Ctrl+R", ButtonKind::accent, ImGui::GetContentRegionAvail().x))
        workspace.run_requested = true;
    ImGui::PopStyleVar();
    ImGui::EndDisabled();
    item_tooltip("Verify and time this configuration, and keep the result in the run store");
}

} // namespace dilascope
