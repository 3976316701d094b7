#include "views/number_format.h"

#include <array>
#include <cmath>
#include <fmt/format.h>

namespace dilascope {
namespace {

constexpr std::string_view thin_space = "\u2009", minus = "\u2212";
constexpr double exact_integer_max = 0x1p53; // above it a double no longer tells neighbours apart

std::string not_finite(double value) { return std::isnan(value) ? "–" : value > 0 ? "∞" : "−∞"; }

// Thin spaces between groups of three digits of the whole part, a true minus sign.
std::string grouped(std::string_view plain) {
    std::string text;
    if (plain.starts_with('-')) {
        text = minus;
        plain.remove_prefix(1);
    }
    const std::size_t whole = std::min(plain.find('.'), plain.size());
    for (std::size_t index = 0; index < whole; ++index) {
        if (index > 0 && (whole - index) % 3 == 0) text += thin_space;
        text += plain[index];
    }
    return text.append(plain.substr(whole));
}

std::string superscript(int exponent) {
    constexpr std::array<std::string_view, 10> digits = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::string text;
    for (const char c : fmt::format("{}", exponent)) text += c == '-' ? "⁻" : digits[std::size_t(c - '0')];
    return text;
}

std::string without_trailing_zeros(std::string text) {
    if (text.find('.') == std::string::npos) return text;
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

// Decimal exponent of the value once rounded to `digits` digits: 9.9999 at 4 digits is 10.00, exponent 1.
int rounded_exponent(double value, int digits) {
    const std::string text = fmt::format("{:.{}e}", value, digits - 1);
    return std::stoi(text.substr(text.find('e') + 1));
}

enum class Zeros { keep, strip };

std::string significant(double value, int digits, Zeros zeros) {
    if (!std::isfinite(value)) return not_finite(value);
    if (value == 0) return "0";
    const int exponent = rounded_exponent(value, digits);
    if (exponent < -4 || exponent > 14) {
        const std::string mantissa = fmt::format("{:.{}f}", value / std::pow(10.0, exponent), digits - 1);
        return grouped(without_trailing_zeros(mantissa)) + "×10" + superscript(exponent);
    }
    const std::string text = fmt::format("{:.{}f}", value, std::max(0, digits - 1 - exponent));
    return grouped(zeros == Zeros::keep ? text : without_trailing_zeros(text));
}

bool is_count_unit(std::string_view unit) { return unit == "tokens" || unit == "pairs"; }
bool is_integer(double value) { return std::abs(value) <= exact_integer_max && value == std::floor(value); }

// The value divided by the largest step of a ladder that leaves it ≥ 1 (the smallest when none does).
template <std::size_t count>
NumberText scaled(double value, const std::array<std::string_view, count>& units, double step, Zeros zeros) {
    std::size_t index = 0;
    double scaled_value = value;
    while (index + 1 < count && std::abs(scaled_value) >= step * (1 - 5e-5)) {
        scaled_value /= step;
        ++index;
    }
    return {significant(scaled_value, 4, zeros), std::string(units[index])};
}

} // namespace

std::string format_count(std::int64_t count) { return grouped(fmt::format("{}", count)); }
std::string format_digits(std::string_view digits) { return grouped(digits); }

std::string format_significant(double value, int digits) { return significant(value, digits, Zeros::strip); }

std::string format_measured(double value) { return significant(value, 4, Zeros::keep); }

std::string format_tokens(std::int64_t tokens) {
    constexpr std::int64_t kilo = 1024, mega = kilo * kilo, giga = kilo * mega;
    const auto in_units_of = [tokens](std::int64_t unit, const char* letter) {
        return grouped(without_trailing_zeros(fmt::format("{:.1f}", double(tokens) / double(unit)))) + letter;
    };
    if (tokens == 0) return "0";
    if (tokens % (giga / 2) == 0 && std::abs(tokens) >= giga) return in_units_of(giga, "G");
    if (tokens % (mega / 2) == 0 && std::abs(tokens) >= mega) return in_units_of(mega, "M");
    if (tokens % (kilo / 2) == 0 && std::abs(tokens) >= kilo) return in_units_of(kilo, "k");
    return format_count(tokens);
}

NumberText format_quantity(double value, std::string_view unit) {
    if (unit == "ms") return format_time_ms(value);
    if (unit == "s") return format_time_ms(value * 1e3);
    if (unit == "bytes") return format_bytes(value);
    if (unit == "FLOP" || unit == "FLOP/s") return format_si(value, unit);
    if (is_count_unit(unit) && is_integer(value)) return {format_count(std::int64_t(value)), std::string(unit)};
    return {format_significant(value), std::string(unit)};
}

NumberText format_time_ms(double time_ms) {
    if (time_ms == 0 || !std::isfinite(time_ms)) return {significant(time_ms, 4, Zeros::strip), "ms"};
    return scaled(time_ms * 1e6, std::array<std::string_view, 4>{"ns", "µs", "ms", "s"}, 1e3, Zeros::keep);
}

NumberText format_bytes(double bytes) {
    return scaled(bytes, std::array<std::string_view, 6>{"B", "KiB", "MiB", "GiB", "TiB", "PiB"}, 1024, Zeros::strip);
}

NumberText format_si(double value, std::string_view unit) {
    NumberText text =
        scaled(value, std::array<std::string_view, 7>{"", "k", "M", "G", "T", "P", "E"}, 1e3, Zeros::strip);
    text.unit += unit;
    return text;
}

std::string format_percent(double share) { return format_significant(share * 100) + " %"; }

std::string format_change(double ratio) {
    const double percent = (ratio - 1) * 100;
    return (percent > 0 ? "+" : "") + format_significant(percent, 3) + " %";
}

std::string format_duration(double seconds) {
    if (!std::isfinite(seconds)) return not_finite(seconds);
    const auto whole = std::int64_t(std::max(0.0, std::round(seconds)));
    if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string format_exact(double value, std::string_view unit) {
    if (!std::isfinite(value)) return not_finite(value);
    if (is_integer(value)) return format_exact(std::int64_t(value), unit);
    const std::string plain = format_plain(value);
    const std::string number = plain.find('e') == std::string::npos ? grouped(plain) : plain;
    return NumberText{number, std::string(unit)}.joined();
}

std::string format_exact(std::int64_t value, std::string_view unit) {
    return NumberText{format_count(value), std::string(unit)}.joined();
}

std::string format_plain(double value) {
    if (is_integer(value)) return fmt::format("{}", std::int64_t(value));
    return fmt::format("{}", value);
}

std::string format_tick(double value, double step) {
    if (std::abs(value) < step * 1e-6) return "0";
    const int step_exponent = int(std::floor(std::log10(step) + 1e-9));
    const int exponent = int(std::floor(std::log10(std::abs(value)) + 1e-9));
    if (exponent > 6 || exponent < -4) return format_significant(value, std::max(1, exponent - step_exponent + 1));
    return grouped(fmt::format("{:.{}f}", value, std::max(0, -step_exponent)));
}

std::string format_decade(int exponent) {
    if (exponent < -3 || exponent > 4) return "10" + superscript(exponent);
    return format_significant(std::pow(10.0, exponent));
}

} // namespace dilascope
