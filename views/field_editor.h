#pragma once
// FieldEditor: editor rows for the fields of any struct with visit(): numbers that are dragged or typed, choices,
// ticks, lists and texts. Label left, editor right; the tooltip says what the field is, its unit and its range.
#include "engine/visit.h"
#include "views/canvas.h"
#include <cstdint>
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
    bool row(const Field& field, std::string& value);
    bool row(const Field& field, std::vector<std::int64_t>& values);
    template <NamedEnum E> bool row(const Field& field, E& value) {
        constexpr auto names = enum_names(E{});
        int index = int(value);
        if (!choice_row(field, names, index)) return false;
        value = static_cast<E>(index);
        return true;
    }
    bool choice_row(const Field& field, std::span<const std::string_view> names, int& index);
    bool number_row(const Field& field, const NumberStyle& style, std::int64_t& value);

    // The number alone, `width` pixels wide, marked as `id`: drag left and right, or click and type.
    bool number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width,
                std::string_view tooltip);

private:
    void label(const Field& field);
    std::string item_id(const Field& field) const { return prefix_ + "/" + field.name; }
    bool typed_number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width);
    bool dragged_number(const std::string& id, const NumberStyle& style, std::int64_t& value, float width);

    std::string prefix_, gesture_;
    std::string typing_id_, typed_; // the number being typed, empty when none
    std::string quiet_id_;          // the number without tooltip
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
