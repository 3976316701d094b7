#include "views/pattern_form.h"
#include "views/number_format.h"
#include "views/theme.h"
#include "views/view.h"
#include "views/widgets.h"
#include <fmt/format.h>
#include <imgui.h>
#include <numeric>

namespace dilascope {

namespace {

constexpr NumberStyle segment_style{NumberStyle::lengths, 1, 1, std::int64_t(1) << 40, false};
// Sets of a branch are 64 bits, and a menu longer than this helps nobody.
constexpr std::size_t parts_max = 16;

std::string first_word(const std::string& text) { return text.substr(0, text.find(' ')); }

bool is_blocks(const Preset& preset) { return std::holds_alternative<Blocks>(preset.pattern.kind); }

const char* family_of(const Preset& preset) {
    if (is_blocks(preset)) return "Blocks";
    return std::holds_alternative<Dilated>(preset.pattern.kind) ? "Dilated" : "Plain";
}

int branch_count_of(const BlockPart& part) {
    return std::visit([](const auto& one) { return branch_count(one); }, part);
}

// A small square in the branch's colour at the cursor, in the middle of a row.
void swatch(int branch, float left) {
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float side = ImGui::GetFrameHeight() / 2;
    const Colour colour = branch_colour(branch);
    ImGui::GetWindowDrawList()->AddRectFilled({corner.x + left, corner.y + side / 2},
                                              {corner.x + left + side, corner.y + side * 1.5f},
                                              IM_COL32(colour.r, colour.g, colour.b, 255), 3);
}

// The × that ends a row `room` wide.
bool remove_button(const std::string& id, bool enabled, const char* help, float right) {
    const float width = ImGui::GetFrameHeight() - 2;
    ImGui::SameLine(right - width);
    ImGui::BeginDisabled(!enabled);
    ImGui::PushStyleColor(ImGuiCol_Button, ImVec4(0, 0, 0, 0));
    const bool pressed = text_button(id.c_str(), "×", ButtonKind::plain, width);
    ImGui::PopStyleColor();
    ImGui::EndDisabled();
    item_tooltip(help);
    return pressed;
}

} // namespace

std::int64_t branch_keys(const Dilated& dilated, const Problem& problem, int branch) {
    const BranchView view = branch_view(dilated, problem, 0, branch);
    const std::int64_t segment = std::min(view.segment_length, problem.kv_len);
    return count_in({view.phase % view.rate, view.rate}, {0, segment});
}

Pattern preset_pattern(const Preset& preset, const Pattern& before) {
    Pattern pattern = preset.pattern;
    pattern.order = before.order;
    const Dilated* old = std::get_if<Dilated>(&before.kind);
    if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind); dilated && old) {
        dilated->segment_lengths = old->segment_lengths;
        dilated->dilation_rates = old->dilation_rates;
    }
    return pattern;
}

std::string pattern_name(const Pattern& pattern) {
    const Blocks* blocks = std::get_if<Blocks>(&pattern.kind);
    if (!blocks || blocks->parts.size() == 1) return first_word(to_text(pattern));
    std::string name;
    for (const BlockPart& part : blocks->parts)
        name += (name.empty() ? "" : " + ") + first_word(to_text({Blocks{{part}}}));
    return name;
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

void set_offsets(Dilated& dilated, std::int64_t heads) {
    dilated.offsets.assign(dilated.phase == PhaseMode::list ? std::size_t(heads) : 0, 0);
    std::iota(dilated.offsets.begin(), dilated.offsets.end(), 0);
}

void set_block(Blocks& blocks, std::int64_t block) {
    for (BlockPart& part : blocks.parts) std::visit([&](auto& one) { one.block = block; }, part);
}

void add_part(Blocks& blocks, BlockPart part) {
    const std::int64_t block = blocks.parts.empty() ? block_of(part) : block_of(blocks.parts.front());
    blocks.parts.push_back(std::move(part));
    set_block(blocks, block);
}

// Notes whose drag a change belongs to.
bool PatternForm::take(const FieldEditor& editor, bool changed) {
    if (changed) gesture_ = editor.gesture();
    return changed;
}

bool PatternForm::draw(Pattern& pattern, const Problem& problem) {
    bool changed = draw_presets(pattern);
    changed |= std::visit(
        [&](auto& kind) {
            using Kind = std::remove_cvref_t<decltype(kind)>;
            if constexpr (std::is_same_v<Kind, Dilated>)
                return draw_dilated(kind, problem);
            else if constexpr (std::is_same_v<Kind, Blocks>)
                return draw_blocks(kind);
            else
                return take(editor_, field_rows(editor_, kind));
        },
        pattern.kind);
    return draw_order(pattern.order, problem) || changed;
}

bool PatternForm::draw_presets(Pattern& pattern) {
    const std::string present = pattern_name(pattern);
    ImGui::SetNextItemWidth(-1);
    const bool open = ImGui::BeginCombo("##config/preset", present.c_str(), ImGuiComboFlags_HeightLargest);
    mark_item("config/preset");
    item_tooltip("Kind of pattern, or a published meaning of dilated attention");
    if (!open) return false;
    const Preset* chosen = nullptr;
    std::string_view family;
    for (const Preset& preset : presets()) {
        if (family != family_of(preset)) {
            family = family_of(preset);
            text_line(family, TextStyle::caption, theme().muted);
        }
        ImGui::Indent(space::gap);
        if (ImGui::Selectable(preset.name, present == preset.name) && present != preset.name) chosen = &preset;
        mark_item((std::string("config/preset/") + preset.name).c_str());
        item_tooltip(preset.help);
        ImGui::Unindent(space::gap);
    }
    ImGui::EndCombo();
    if (!chosen) return false;
    pattern = preset_pattern(*chosen, pattern);
    gesture_.clear();
    return true;
}

bool PatternForm::draw_dilated(Dilated& dilated, const Problem& problem) {
    bool changed = draw_branches(dilated, problem);
    const PhaseMode before = dilated.phase;
    Dilated::visit(dilated, [&](const Field& field, auto& member) {
        Field shown = field;
        if (std::string_view(field.name) == "heads") shown.name = "head_mode"; // "heads" is the problem's
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(member)>, std::vector<std::int64_t>>) {
            if (!field.is_optional || before != PhaseMode::list) return; // the branches are drawn above
        }
        changed |= take(editor_, editor_.row(shown, member));
    });
    if (dilated.phase != before) set_offsets(dilated, problem.heads);
    return changed;
}

bool PatternForm::draw_branches(Dilated& dilated, const Problem& problem) {
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
        swatch(int(branch), 0);
        ImGui::SetCursorPosX(segment_left);
        changed |=
            editor_.number("config/segments/" + index, segment_style, dilated.segment_lengths[branch], segment_width,
                           "Segment length, tokens. Drag, or click and type; Alt drags in single tokens.");
        ImGui::SameLine(rate_left);
        const NumberStyle rate_style{NumberStyle::linear, 1, 1,
                                     std::max<std::int64_t>(1, dilated.segment_lengths[branch]), false};
        changed |=
            editor_.number("config/rates/" + index, rate_style, dilated.dilation_rates[branch], rate_width,
                           "Dilation rate: every rate-th token of a segment takes part. Drag, or click and type.");
        const std::string keys = dilated.segment_lengths[branch] > 0 && dilated.dilation_rates[branch] > 0
                                     ? format_count(branch_keys(dilated, problem, int(branch)))
                                     : "–";
        ImGui::PushFont(imgui_font(TextStyle::caption_number));
        const float width = ImGui::CalcTextSize(keys.c_str()).x;
        ImGui::PopFont();
        ImGui::SameLine(keys_right - width);
        ImGui::AlignTextToFramePadding();
        text_line(keys, TextStyle::caption_number, theme().text);
        item_tooltip("Keys that a query of the branch sees through it, before causality");
        if (remove_button("config/remove/" + index, count > 1, "Remove this branch", left + room))
            removed = int(branch);
    }
    ImGui::BeginDisabled(int(count) >= max_branches);
    const bool added = text_button("config/add_branch", "+ branch");
    ImGui::EndDisabled();
    item_tooltip("Add a branch that continues the ladder");
    if (!added && removed < 0) return take(editor_, changed);
    editor_.end_gesture();
    if (added) add_branch(dilated);
    if (removed >= 0) remove_branch(dilated, removed);
    return take(editor_, true);
}

bool PatternForm::draw_blocks(Blocks& blocks) {
    while (part_editors_.size() < blocks.parts.size())
        part_editors_.emplace_back("config/pattern/" + std::to_string(part_editors_.size()));
    bool changed = false;
    std::optional<std::size_t> removed;
    for (std::size_t part = 0; part < blocks.parts.size(); ++part) {
        bool is_removed = false;
        changed |= draw_part(blocks, part, is_removed);
        if (is_removed) removed = part;
    }
    if (removed) {
        blocks.parts.erase(blocks.parts.begin() + std::ptrdiff_t(*removed));
        gesture_.clear();
    }
    return draw_part_menu(blocks) || removed || changed;
}

// A part of the union: its colours, its name and its fields.
bool PatternForm::draw_part(Blocks& blocks, std::size_t part, bool& is_removed) {
    const float left = ImGui::GetCursorPosX(), room = ImGui::GetContentRegionAvail().x,
                side = ImGui::GetFrameHeight() / 2;
    int first = 0;
    for (std::size_t before = 0; before < part; ++before) first += branch_count_of(blocks.parts[before]);
    const int count = branch_count_of(blocks.parts[part]);
    for (int branch = 0; branch < count; ++branch) swatch(first + branch, float(branch) * (side + 3));
    ImGui::SetCursorPosX(left + float(count) * (side + 3) + 5);
    ImGui::AlignTextToFramePadding();
    text_line(first_word(to_text({Blocks{{blocks.parts[part]}}})), TextStyle::title, theme().text);
    item_tooltip(std::visit([](const auto& one) { return one.help; }, blocks.parts[part]));
    if (blocks.parts.size() > 1)
        is_removed = remove_button("config/part/remove/" + std::to_string(part), true, "Remove this part", left + room);
    FieldEditor& editor = part_editors_[part];
    const bool changed = std::visit([&](auto& one) { return field_rows(editor, one); }, blocks.parts[part]);
    if (changed) set_block(blocks, block_of(blocks.parts[part])); // one grid for all
    ImGui::Dummy({0, ImGui::GetStyle().ItemSpacing.y});
    return take(editor, changed);
}

bool PatternForm::draw_part_menu(Blocks& blocks) {
    ImGui::BeginDisabled(blocks.parts.size() >= parts_max);
    if (text_button("config/add_part", "+ part")) ImGui::OpenPopup("config/parts");
    ImGui::EndDisabled();
    item_tooltip("Add blocks of another kind: a union, each key counted once");
    if (!ImGui::BeginPopup("config/parts")) return false;
    bool changed = false;
    for (const Preset& preset : presets()) {
        if (!is_blocks(preset)) continue;
        if (ImGui::Selectable(preset.name)) {
            add_part(blocks, std::get<Blocks>(preset.pattern.kind).parts.front());
            gesture_.clear();
            changed = true;
        }
        mark_item((std::string("config/part/") + preset.name).c_str());
        item_tooltip(preset.help);
    }
    ImGui::EndPopup();
    return changed;
}

bool PatternForm::draw_order(Order& order, const Problem& problem) {
    static constexpr std::string_view curve_helps[] = {
        "The sequence as it is", "Row by row, every second row backwards", "Z-order: the bits of x and y interleaved",
        "Hilbert's curve: neighbours along it are neighbours on the grid"};
    static constexpr std::string_view use_helps[] = {
        "Only where q, k and v lie in memory. Pairs and output stay as they are.",
        "Only which tile is computed when. Pairs and output stay as they are.",
        "Segments, dilations and windows run along the curve: another set of pairs. Causality still compares tokens."};
    ImGui::Dummy({0, ImGui::GetStyle().ItemSpacing.y});
    bool changed = false;
    const Order before = order;
    Order::visit(order, [&](const Field& field, auto& member) {
        using Member = std::remove_cvref_t<decltype(member)>;
        Field shown = field;
        if constexpr (std::is_same_v<Member, Curve>) {
            shown.name = "curve", shown.help = "The curve along which the tokens are ordered";
            changed |= order_editor_.row(shown, member, curve_helps);
        } else if (!before.is_row()) {
            if constexpr (std::is_same_v<Member, OrderUse>)
                changed |= order_editor_.row(shown, member, use_helps);
            else
                changed |= order_editor_.row(shown, member);
        }
    });
    if (order.is_row()) order = {}; // as the text form has it
    if (!before.is_row() && before.grid == Grid{} && validate(before, problem.kv_len)) {
        const Grid grid = default_grid(before, problem.kv_len);
        text_line(fmt::format("auto: {} × {} cells", format_count(grid.width), format_count(grid.height)),
                  TextStyle::caption, theme().muted);
    }
    return take(order_editor_, changed);
}

} // namespace dilascope
