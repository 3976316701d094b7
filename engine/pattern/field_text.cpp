#include "engine/pattern/field_text.h"
#include <charconv>
#include <fmt/format.h>

namespace dilascope {

Result<void> parse_value(std::string_view key, std::string_view text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return {};
    return fail(fmt::format("{} has \"{}\"; expected a whole number below 2^63", key, text));
}

Result<void> parse_value(std::string_view key, std::string_view text, double& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return {};
    return fail(fmt::format("{} is \"{}\"; expected a number", key, text));
}

Result<void> parse_value(std::string_view key, std::string_view text, bool& value) {
    if (text != "true" && text != "false") return fail(fmt::format("{} is \"{}\"; expected true or false", key, text));
    value = text == "true";
    return {};
}

Result<void> parse_value(std::string_view, std::string_view text, std::string& value) {
    value = text;
    return {};
}

Result<void> parse_value(std::string_view key, std::string_view text, std::vector<std::int64_t>& values) {
    values.clear();
    while (true) {
        const std::string_view part = text.substr(0, text.find(','));
        std::int64_t value = 0;
        TRY(parse_value(key, part, value));
        values.push_back(value);
        if (part.size() == text.size()) return {};
        text.remove_prefix(part.size() + 1);
    }
}

Result<void> parse_value(std::string_view key, std::string_view text, std::vector<Level>& levels) {
    Result<std::vector<Level>> parsed = parse_levels(text);
    if (!parsed) return fail(fmt::format("{}: {}", key, parsed.error().what));
    levels = std::move(*parsed);
    return {};
}

Result<void> parse_value(std::string_view, std::string_view text, Grid& grid) {
    grid = TRY(parse_grid(text));
    return {};
}

std::string value_text(std::int64_t value) { return fmt::format("{}", value); }
std::string value_text(double value) { return fmt::format("{}", value); }
std::string value_text(bool value) { return value ? "true" : "false"; }
std::string value_text(const std::string& value) { return value; }
std::string value_text(const std::vector<std::int64_t>& values) { return fmt::format("{}", fmt::join(values, ",")); }
std::string value_text(const std::vector<Level>& levels) { return level_text(levels); }
std::string value_text(const Grid& grid) { return to_text(grid); }

} // namespace dilascope
