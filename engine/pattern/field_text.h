#pragma once
// Values of pattern fields as text and back: `key=value` of the text form, and the editor's text rows.
#include "engine/named_enum.h"
#include "engine/order/order.h"
#include "engine/pattern/hierarchical.h"
#include "engine/visit.h"
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

// Each sets `value`, or fails with a sentence that names the key and the value found.
Result<void> parse_value(std::string_view key, std::string_view text, std::int64_t& value);
Result<void> parse_value(std::string_view key, std::string_view text, double& value);
Result<void> parse_value(std::string_view key, std::string_view text, bool& value);
Result<void> parse_value(std::string_view key, std::string_view text, std::string& value);
Result<void> parse_value(std::string_view key, std::string_view text, std::vector<std::int64_t>& values);
Result<void> parse_value(std::string_view key, std::string_view text, std::vector<Level>& levels);
Result<void> parse_value(std::string_view key, std::string_view text, Grid& grid);
template <NamedEnum E> Result<void> parse_value(std::string_view key, std::string_view text, E& value) {
    value = TRY(named_enum<E>(key, text));
    return {};
}

std::string value_text(std::int64_t value);
std::string value_text(double value); // the shortest that reads back the same
std::string value_text(bool value);
std::string value_text(const std::string& value);
std::string value_text(const std::vector<std::int64_t>& values);
std::string value_text(const std::vector<Level>& levels);
std::string value_text(const Grid& grid);
template <NamedEnum E> std::string value_text(E value) { return std::string(enum_name(value)); }

} // namespace dilascope
