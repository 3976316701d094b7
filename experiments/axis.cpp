#include "experiments/axis.h"
#include "engine/backends/backend.h"
#include "engine/nearest.h"
#include "engine/pattern/pattern_text.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace dilascope {

static const Case default_case;

tl::unexpected<Error> SpecPlace::error(const std::string& what) const {
    return fail(line > 0 ? fmt::format("{}:{}: {}", file, line, what) : fmt::format("{}: {}", file, what));
}

AxisValue SpecAxis::value(std::int64_t row, std::size_t key) const {
    switch (generator) {
    case Generator::range: return from + step * row;
    case Generator::pow2: return std::int64_t{1} << (from + row);
    case Generator::none: break;
    }
    return rows[std::size_t(row)][key];
}

std::int64_t SpecAxis::line(std::int64_t row) const {
    return generator == Generator::none ? row_lines[std::size_t(row)] : place.line;
}

std::vector<std::string_view> axis_keys() {
    std::vector<std::string_view> keys;
    Case::visit(default_case, [&](const Field& field, const auto&) {
        const std::string_view name = field.name;
        if (name != "input" && name != "cache") keys.push_back(name);
    });
    return keys;
}

namespace {

constexpr std::array<std::string_view, 3> value_types = {"an integer", "true or false", "a \"text\""};

std::string text_of(const AxisValue& value) {
    if (const auto* words = std::get_if<std::string>(&value)) return fmt::format("\"{}\"", *words);
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
    return fmt::format("{}", std::get<std::int64_t>(value));
}

// 2^40 rather than 1099511627776.
std::string bound_text(double bound) {
    const double power = std::log2(bound);
    return bound > 1e5 && power == std::floor(power) ? fmt::format("2^{:.0f}", power) : fmt::format("{:.0f}", bound);
}

// The error of one of the words that are not free text, or nothing.
Result<void> check_word(const std::string& key, const std::string& word) {
    if (key == "pattern") {
        TRY(parse_pattern(word));
        return {};
    }
    if (key == "backend") {
        std::vector<std::string_view> names = {"auto"};
        for (const Backend* backend : backends()) names.push_back(backend->name());
        if (std::find(names.begin(), names.end(), word) == names.end())
            return fail(fmt::format("unknown backend \"{}\"{}", word, nearest_hint(word, names)));
        return {};
    }
    Case probe; // the rest is checked where a problem is made of it
    set_field(probe, key, word);
    TRY(problem_of(probe));
    return {};
}

} // namespace

Result<void> check_value(const SpecPlace& place, const std::string& subject, const std::string& key,
                         const AxisValue& value) {
    const auto keys = axis_keys();
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
        return place.error(fmt::format("unknown key {}{}", subject, nearest_hint(key, keys)));
    Result<void> result;
    Case::visit(default_case, [&](const Field& field, const auto& member) {
        if (field.name != key) return;
        using Member = std::remove_cvref_t<decltype(member)>;
        if (!std::holds_alternative<Member>(value)) {
            result = place.error(fmt::format("{} has {}; expected {}", subject, text_of(value),
                                             value_types[AxisValue(Member{}).index()]));
        } else if constexpr (std::is_same_v<Member, std::int64_t>) {
            const double number = double(std::get<std::int64_t>(value));
            if (number < field.min || number > field.max)
                result = place.error(fmt::format("{} has {}; expected {} … {}", subject, text_of(value),
                                                 bound_text(field.min), bound_text(field.max)));
        } else if constexpr (std::is_same_v<Member, std::string>) {
            if (const auto word = check_word(key, std::get<std::string>(value)); !word)
                result = place.error(fmt::format("{}: {}", subject, word.error().what));
        }
    });
    return result;
}

AxisValue default_value(const std::string& key) {
    AxisValue value = std::string();
    Case::visit(default_case, [&](const Field& field, const auto& member) {
        if (field.name == key) value = member;
    });
    return value;
}

void set_field(Case& config, const std::string& key, const AxisValue& value) {
    Case::visit(config, [&](const Field& field, auto& member) {
        if (field.name == key) member = std::get<std::remove_cvref_t<decltype(member)>>(value);
    });
}

} // namespace dilascope
