#pragma once
// FieldEditor: editor rows for the fields of any struct with visit(): numbers that are dragged or typed, choices,
// ticks, lists and texts. Label left, editor right; the tooltip says what the field is, its unit and its range.
#include "engine/pattern/field_text.h"
#include "views/canvas.h"
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

// How a drag moves a number: by `step`, or along powers of two and the halves between (lengths). Alt: single units.
struct NumberStyle {
    enum Drag { linear, lengths } drag = linear;
    std::int64_t step = 1;
    std::int64_t min = 0, max = std::int64_t(1) << 40;
    bool has_bar = true; // a line under the number shows where in its range it is
};

// The value a drag of so many logical pixels makes of `start`.
std::int64_t dragged(const NumberStyle& style, std::int64_t start, float pixels, bool is_fine);
// Reads "16384", "16 384", "16k" (= 16 384), "1.5M"; false when it is no whole number.
bool parse_number(std::string_view text, std::int64_t& value);
// "2048,4096" with the same spellings; false when an entry is none.
bool parse_list(std::string_view text, std::vector<std::int64_t>& values);
// "kv_heads" → "KV heads".
std::string field_label(std::string_view name);
// "Query tokens. 1 … 1M tokens."
std::string field_help(const Field& field);

class FieldEditor {
public:
    explicit FieldEditor(std::string id_prefix) : prefix_(std::move(id_prefix)) {}

    // Edits of one drag share a gesture, for undo; empty for edits that stand alone.
    const std::string& gesture() const { return gesture_; }
    void end_gesture() { gesture_.clear(); }

    // Each draws one row and returns true when it changed the value. Items are marked "<prefix>/<field name>".
    bool row(const Field& field, std::int64_t& value);
    bool row(const Field& field, double& value);
    bool row(const Field& field, bool& value);
    bool row(const Field& field, std::string& value) { return parsed_row(field, value); }
    bool row(const Field& field, std::vector<std::int64_t>& values) { return parsed_row(field, values); }
    bool row(const Field& field, std::vector<Level>& levels) { return parsed_row(field, levels); }
    bool row(const Field& field, Grid& grid) { return parsed_row(field, grid, "auto"); }
    template <NamedEnum E> bool row(const Field& field, E& value, std::span<const std::string_view> helps = {}) {
        constexpr auto names = enum_names(E{});
        int index = int(value);
        if (!choice_row(field, names, index, helps)) return false;
        value = static_cast<E>(index);
        return true;
    }
    // `helps`: a tooltip for each name, or none.
    bool choice_row(const Field& field, std::span<const std::string_view> names, int& index,
                    std::span<const std::string_view> helps = {});
    bool number_row(const Field& field, const NumberStyle& style, std::int64_t& value);
    // A value as its text (field_text.h), taken over by Enter or when the row is left. A text that says no value stays
    // with its error below; the value is then the last valid one. `unset`: the text that means "nothing given"; it is
    // shown as a hint.
    template <class T> bool parsed_row(const Field& field, T& value, const char* unset = "") {
        T read = value;
        const auto parse = [&](const std::string& text) { return read_text(field.name, text, read); };
        if (!text_row(field, value_text(value), unset, parse)) return false;
        value = std::move(read);
        return true;
    }

    // The number alone, `width` pixels wide, marked as `id`: drag left and right, or click and type.
    bool number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width,
                std::string_view tooltip);

private:
    void label(const Field& field);
    std::string item_id(const Field& field) const { return prefix_ + "/" + field.name; }
    template <class T> static Result<void> read_text(const char* name, const std::string& text, T& value) {
        if constexpr (std::is_same_v<T, std::vector<std::int64_t>>)
            if (parse_list(text, value)) return {}; // takes "16k" too
        return parse_value(name, text, value);
    }
    bool text_row(const Field& field, const std::string& shown, const std::string& unset,
                  const std::function<Result<void>(const std::string&)>& parse);
    bool dragged_share(const Field& field, double& value);
    bool typed_number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width);
    bool dragged_number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width);

    std::string prefix_, gesture_;
    std::string typing_id_, typed_; // the number being typed, empty when none
    std::string quiet_id_;          // the number without tooltip
    std::string draft_id_, draft_;  // the text being edited, or left with an error
    std::string draft_of_;          // the value's text when it was begun
    bool typing_is_new_ = false, dragging_ = false;
    std::int64_t drag_start_ = 0;
    float drag_pixels_ = 0;
    std::uint64_t drag_count_ = 0;
};

// All rows of a struct. True when any changed.
template <class T> bool field_rows(FieldEditor& editor, T& value) {
    bool changed = false;
    T::visit(value, [&](const Field& field, auto& member) { changed |= editor.row(field, member); });
    return changed;
}

} // namespace dilascope
