#include "views/config_view.h"
#include "engine/backends/backend.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>
#include <imgui_stdlib.h>

namespace dilascope {

namespace {

// The strings of a case that have a fixed choice; empty for the others.
std::vector<std::string_view> choices_of(std::string_view field) {
    if (field == "dtype") return {element_names.begin(), element_names.end()};
    if (field == "backend") {
        std::vector<std::string_view> names = {"auto"};
        for (const Backend* backend : backends()) names.push_back(backend->name());
        return names;
    }
    std::vector<std::string_view> names;
    if (field == "direction")
        for (std::string_view name : enum_names(TimedDirection{})) names.push_back(name);
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
    section_title("Pattern", pattern_name(form_));
    ImGui::Dummy({0, 0});
    Pattern edited = form_;
    if (!pattern_form_.draw(edited, workspace.problem)) return;
    Case next = workspace.config;
    next.pattern = to_text(edited);
    workspace.set_config(next, pattern_form_.gesture());
    // What the form made stays in the form, valid or not: a mask without a file yet has to be given one.
    form_ = std::move(edited);
    form_text_ = workspace.config.pattern;
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
    if (!is_editing_text_) item_tooltip(text_); // a long one does not fit
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
