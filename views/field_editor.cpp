#include "views/field_editor.h"
#include "views/imgui_colour.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/view.h"
#include "views/widgets.h"
#include <charconv>
#include <cmath>
#include <imgui_stdlib.h>

namespace dilascope {

namespace {

constexpr float label_share = 0.36f; // of the row
constexpr float click_pixels = 3;    // a shorter drag is a click
constexpr float pixels_per_octave = 40, pixels_per_step = 8;

std::int64_t nearest_length(double value) {
    value = std::clamp(value, 1.0, 0x1p61);
    const double floor = std::exp2(std::floor(std::log2(value)));
    const double candidates[] = {floor, 1.5 * floor, 2 * floor};
    double best = candidates[0];
    for (double candidate : candidates)
        if (candidate == std::floor(candidate) &&
            std::abs(std::log(candidate / value)) < std::abs(std::log(best / value)))
            best = candidate;
    return std::int64_t(best);
}

double range_share(const NumberStyle& style, std::int64_t value) {
    if (style.max <= style.min) return 1;
    if (style.drag == NumberStyle::linear) return double(value - style.min) / double(style.max - style.min);
    const double low = std::log2(double(std::max<std::int64_t>(1, style.min)));
    return (std::log2(double(std::max<std::int64_t>(1, value))) - low) / (std::log2(double(style.max)) - low);
}

NumberStyle style_of(const Field& field) {
    NumberStyle style;
    style.min = std::isfinite(field.min) ? std::int64_t(field.min) : 0;
    style.max = std::isfinite(field.max) ? std::int64_t(field.max) : std::int64_t(1) << 62;
    if (std::string_view(field.unit) == "tokens") style.drag = NumberStyle::lengths;
    style.has_bar = style.max < (std::int64_t(1) << 61);
    return style;
}

} // namespace

std::int64_t dragged(const NumberStyle& style, std::int64_t start, float pixels, bool is_fine) {
    double value = 0;
    if (is_fine)
        value = double(start) + std::round(double(pixels) / pixels_per_step);
    else if (style.drag == NumberStyle::lengths) {
        if (std::abs(pixels) < pixels_per_octave / 4) return start;
        value = double(
            nearest_length(double(std::max<std::int64_t>(1, start)) * std::exp2(double(pixels) / pixels_per_octave)));
    } else {
        const std::int64_t steps = std::llround(double(pixels) / pixels_per_step);
        if (steps == 0) return start;
        value = double((start / style.step + steps) * style.step); // lands on whole steps
    }
    return std::int64_t(std::clamp(value, double(style.min), double(style.max)));
}

bool parse_number(std::string_view text, std::int64_t& value) {
    std::string digits;
    double unit = 1;
    for (const char c : text) {
        if (c == ' ' || c == '_' || (static_cast<unsigned char>(c) & 0x80)) continue; // grouping, thin spaces too
        if (unit != 1) return false;                                                  // something after the unit
        if (c == 'k' || c == 'K')
            unit = 1024;
        else if (c == 'm' || c == 'M')
            unit = 1024.0 * 1024;
        else
            digits += c;
    }
    double number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return false;
    number *= unit;
    if (!(std::abs(number) < 0x1p62) || number != std::floor(number)) return false;
    value = std::int64_t(number);
    return true;
}

bool parse_list(std::string_view text, std::vector<std::int64_t>& values) {
    std::vector<std::int64_t> read;
    while (true) {
        const std::size_t comma = text.find(',');
        if (!parse_number(text.substr(0, comma), read.emplace_back())) return false;
        if (comma == std::string_view::npos) break;
        text.remove_prefix(comma + 1);
    }
    values = std::move(read);
    return true;
}

std::string field_label(std::string_view name) {
    constexpr std::pair<std::string_view, const char*> known[] = {
        {"seq_len", "Tokens"}, {"kv_len", "Key tokens"}, {"kv_heads", "KV heads"}, {"dtype", "Data type"}};
    for (const auto& [field, label] : known)
        if (name == field) return label;
    std::string label(name);
    std::replace(label.begin(), label.end(), '_', ' ');
    if (!label.empty()) label[0] = char(std::toupper(static_cast<unsigned char>(label[0])));
    return label;
}

std::string field_help(const Field& field) {
    std::string text = field.help;
    const auto bound = [](double value) {
        return std::abs(value) < 0x1p62 && value == std::floor(value) ? format_tokens(std::int64_t(value))
                                                                      : format_significant(value);
    };
    if (std::isfinite(field.min) && std::isfinite(field.max)) {
        text += ". " + bound(field.min) + " … " + bound(field.max);
        if (*field.unit) text += std::string(" ") + field.unit;
    } else if (*field.unit)
        text += std::string(", in ") + field.unit;
    return text + ".";
}

void FieldEditor::label(const Field& field) {
    const float left = ImGui::GetCursorPosX(), width = ImGui::GetContentRegionAvail().x;
    ImGui::AlignTextToFramePadding();
    text_line(field_label(field.name), TextStyle::body, theme().muted);
    item_tooltip(field_help(field));
    ImGui::SameLine(left + width * label_share);
}

bool FieldEditor::row(const Field& field, std::int64_t& value) { return number_row(field, style_of(field), value); }

bool FieldEditor::number_row(const Field& field, const NumberStyle& style, std::int64_t& value) {
    label(field);
    return number(item_id(field), style, value, ImGui::GetContentRegionAvail().x,
                  field_help(field) + " Drag, or click and type; Alt drags in single units.");
}

bool FieldEditor::row(const Field& field, double& value) {
    label(field);
    ImGui::SetNextItemWidth(-1);
    ImGui::PushFont(imgui_font(TextStyle::number));
    const bool has_range = std::isfinite(field.max - field.min),
               changed = has_range ? dragged_share(field, value)
                                   : ImGui::InputDouble(("##" + item_id(field)).c_str(), &value, 0, 0, "%.6g",
                                                        ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::PopFont();
    mark_item(item_id(field).c_str());
    item_tooltip(field_help(field) + (has_range ? " Drag, or click and type; Alt drags finely." : ""));
    if (!changed) return false;
    value = std::clamp(value, field.min, field.max);
    if (!has_range) gesture_.clear();
    return true;
}

// A number within a range: a whole range is 200 logical pixels of dragging.
bool FieldEditor::dragged_share(const Field& field, double& value) {
    ImGuiIO& io = ImGui::GetIO();
    const float scale = ImGui::GetFrameHeight() / space::row;
    const float speed = float(field.max - field.min) / (200 * scale);
    const bool click_types = std::exchange(io.ConfigDragClickToInputText, true); // as the whole numbers here do
    const double before = value;
    ImGui::DragScalar(("##" + item_id(field)).c_str(), ImGuiDataType_Double, &value, speed, &field.min, &field.max,
                      "%.6g", ImGuiSliderFlags_AlwaysClamp);
    io.ConfigDragClickToInputText = click_types;
    const bool is_active = ImGui::IsItemActive();
    if (ImGui::IsItemActivated()) gesture_ = item_id(field) + "#" + std::to_string(++drag_count_);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const float end =
        low.x + (high.x - low.x) * float(std::clamp((value - field.min) / (field.max - field.min), 0., 1.));
    ImGui::GetWindowDrawList()->AddRectFilled({low.x, high.y - 2 * scale}, {end, high.y},
                                              colour32(theme().accent.with_alpha(is_active ? 1.f : 0.6f)));
    return value != before;
}

bool FieldEditor::row(const Field& field, bool& value) {
    label(field);
    const bool changed = ImGui::Checkbox(("##" + item_id(field)).c_str(), &value);
    mark_item(item_id(field).c_str());
    item_tooltip(field_help(field));
    if (changed) gesture_.clear();
    return changed;
}

bool FieldEditor::text_row(const Field& field, const std::string& shown, const std::string& unset,
                           const std::function<Result<void>(const std::string&)>& parse) {
    label(field);
    const std::string id = item_id(field), plain = shown == unset ? "" : shown;
    if (draft_id_ == id && draft_of_ != plain) draft_id_.clear(); // the value changed elsewhere
    std::string text = draft_id_ == id ? draft_ : plain;
    ImGui::SetNextItemWidth(-1);
    ImGui::PushFont(imgui_font(TextStyle::number));
    const bool entered =
        ImGui::InputTextWithHint(("##" + id).c_str(), unset.c_str(), &text, ImGuiInputTextFlags_EnterReturnsTrue);
    ImGui::PopFont();
    mark_item(id.c_str());
    const bool is_left = ImGui::IsItemDeactivated();
    if (ImGui::IsItemActivated() && draft_id_ != id) draft_id_ = id, draft_ = plain, draft_of_ = plain;
    item_tooltip(field_help(field));
    if (draft_id_ != id) return false;
    draft_ = text;
    if (draft_ == plain) {
        if (entered || is_left) draft_id_.clear();
        return false;
    }
    const Result<void> parsed = parse(draft_.empty() ? unset : draft_);
    if (!parsed) {
        ImGui::PushTextWrapPos(0);
        text_line(parsed.error().what, TextStyle::caption, theme().bad);
        mark_item((id + "/error").c_str());
        ImGui::PopTextWrapPos();
        return false;
    }
    if (!entered && !is_left) return false;
    draft_id_.clear();
    gesture_.clear();
    return true;
}

bool FieldEditor::choice_row(const Field& field, std::span<const std::string_view> names, int& index,
                             std::span<const std::string_view> helps) {
    label(field);
    const std::string id = item_id(field);
    const std::string chosen(index >= 0 && std::size_t(index) < names.size() ? names[std::size_t(index)] : "");
    ImGui::SetNextItemWidth(-1);
    const bool open = ImGui::BeginCombo(("##" + id).c_str(), chosen.c_str());
    mark_item(id.c_str());
    item_tooltip(field_help(field));
    if (!open) return false;
    bool changed = false;
    for (std::size_t entry = 0; entry < names.size(); ++entry) {
        const std::string name(names[entry]);
        if (ImGui::Selectable(name.c_str(), int(entry) == index) && int(entry) != index)
            index = int(entry), changed = true;
        mark_item((id + "/" + name).c_str());
        if (entry < helps.size()) item_tooltip(helps[entry]);
    }
    ImGui::EndCombo();
    if (changed) gesture_.clear();
    return changed;
}

bool FieldEditor::number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width,
                         std::string_view tooltip) {
    ImGui::PushFont(imgui_font(TextStyle::number));
    const bool changed =
        typing_id_ == id ? typed_number(id, style, value, width) : dragged_number(id, style, value, width);
    ImGui::PopFont();
    mark_item(id.c_str());
    if (ImGui::IsItemActive())
        quiet_id_ = id; // who has just used it needs no help until the mouse comes back
    else if (quiet_id_ == id && !ImGui::IsItemHovered())
        quiet_id_.clear();
    if (typing_id_ != id && quiet_id_ != id) item_tooltip(tooltip);
    return changed;
}

bool FieldEditor::typed_number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width) {
    if (typing_is_new_) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(width);
    const bool entered = ImGui::InputText(("##type/" + id).c_str(), &typed_,
                                          ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
    typing_is_new_ = false;
    if (!entered && !ImGui::IsItemDeactivated()) return false;
    typing_id_.clear();
    std::int64_t read = 0; // Escape has put the old text back and so changes nothing
    if (!parse_number(typed_, read)) return false;
    read = std::clamp(read, style.min, style.max);
    if (read == value) return false;
    value = read;
    gesture_.clear();
    return true;
}

bool FieldEditor::dragged_number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width) {
    const float height = ImGui::GetFrameHeight(), scale = height / space::row;
    ImGui::InvisibleButton(id.c_str(), {std::max(1.f, width), height});
    const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
    bool changed = false;
    if (ImGui::IsItemActivated()) {
        drag_start_ = value;
        drag_pixels_ = 0;
        dragging_ = false;
        gesture_ = id + "#" + std::to_string(++drag_count_);
    }
    if (active) {
        drag_pixels_ += ImGui::GetIO().MouseDelta.x / scale;
        dragging_ |= std::abs(drag_pixels_) >= click_pixels;
        const std::int64_t next = dragging_ ? dragged(style, drag_start_, drag_pixels_, ImGui::GetIO().KeyAlt) : value;
        changed = next != value;
        value = next;
    }
    if (ImGui::IsItemDeactivated() && !dragging_ && hovered) {
        typing_id_ = id;
        typed_ = std::to_string(value);
        typing_is_new_ = true;
    }
    if (hovered || active) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const ImGuiCol frame = active ? ImGuiCol_FrameBgActive : hovered ? ImGuiCol_FrameBgHovered : ImGuiCol_FrameBg;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled(low, high, ImGui::GetColorU32(frame), ImGui::GetStyle().FrameRounding);
    if (style.has_bar) {
        const float end = low.x + (high.x - low.x) * std::clamp(float(range_share(style, value)), 0.f, 1.f);
        list.AddRectFilled({low.x, high.y - 2 * scale}, {end, high.y},
                           colour32(theme().accent.with_alpha(active ? 1.f : 0.6f)));
    }
    const std::string text = format_count(value);
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    list.AddText({std::round((low.x + high.x - size.x) / 2), std::round((low.y + high.y - size.y) / 2)},
                 ImGui::GetColorU32(ImGuiCol_Text), text.c_str());
    return changed;
}

} // namespace dilascope
