#pragma once
// Numbers as text: the one place where a view's number gets its digits, separators and unit. Thousands are set apart by
// thin spaces; k and M of token counts are binary (16k = 16 384) and used only where they are exact.
#include <cstdint>
#include <string>
#include <string_view>

namespace dilascope {

// A number and its unit apart, so that a view can mute the unit.
struct NumberText {
    std::string number;
    std::string unit; // empty for none
    std::string joined() const { return unit.empty() ? number : number + " " + unit; }
};

std::string format_count(std::int64_t count);       // "16 384"
std::string format_digits(std::string_view digits); // the same for the digits of a number of any length
// `digits` significant digits without trailing zeros: "26.8", "0.0031", "1.234×10⁻⁹"; "∞", "–" for NaN.
std::string format_significant(double value, int digits = 4);
std::string format_measured(double value); // 4 significant digits, trailing zeros kept: "6.200"
// A token count or position as short as it can be told exactly: "16k", "1.5k", "1M", "6 081".
std::string format_tokens(std::int64_t tokens);

// A value in the best multiple of its field's unit: ms → ns … s, bytes → IEC, FLOP → SI, counts in full, else 4 digits.
NumberText format_quantity(double value, std::string_view unit);
NumberText format_time_ms(double time_ms);                 // "812.3 ns", "3.100 ms", "75.00 s": four digits, zeros kept
NumberText format_bytes(double bytes);                     // "1.5 GiB"
NumberText format_si(double value, std::string_view unit); // "5.014 GFLOP"
std::string format_percent(double share);                  // 0.03735 → "3.735 %"
std::string format_change(double ratio);                   // 1.258 → "+25.8 %", 0.71 → "−29 %"
std::string format_duration(double seconds);               // "0:41", "1:02:03"

// Everything the number holds, in its own unit, for tooltips: "3.0712345 ms", "5 013 504 pairs".
std::string format_exact(double value, std::string_view unit);
std::string format_exact(std::int64_t value, std::string_view unit);
// The shortest text that reads back as the same number, for files and the clipboard: "3.0712345".
std::string format_plain(double value);

// Tick labels: `step` between neighbours decides the decimals.
std::string format_tick(double value, double step);
std::string format_decade(int exponent); // "0.01", "100", "10⁶"

} // namespace dilascope
