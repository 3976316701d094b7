#pragma once
// Fields of a struct, described once: text form, TOML keys, editor rows, table columns and hashes all read this.
// A visitable struct has `template <class Self, class V> static void visit(Self& self, V&& v)` that calls
// `v(Field{...}, self.member)` for every member, in display order. An enum that takes part has
// `constexpr auto enum_names(E)` returning the names of its values 0, 1, 2 …
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace dilascope {

struct Field {
    const char* name;      // snake_case; the key in files and text forms
    const char* help = ""; // one sentence, shown as tooltip
    const char* unit = ""; // "tokens", "ms", "" for none
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
    bool is_optional = false; // a list that text forms leave out while it is empty
};

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E e) {
    enum_names(e);
};

template <NamedEnum E> constexpr std::string_view enum_name(E value) {
    return enum_names(value)[static_cast<std::size_t>(value)];
}

// The enum value called `name`, or nothing.
template <NamedEnum E> constexpr std::optional<E> enum_from_name(std::string_view name) {
    constexpr auto names = enum_names(E{});
    for (std::size_t index = 0; index < names.size(); ++index)
        if (names[index] == name) return static_cast<E>(index);
    return std::nullopt;
}

} // namespace dilascope
