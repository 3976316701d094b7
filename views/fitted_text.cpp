#include "views/fitted_text.h"

namespace dilascope {

std::string shortened(const Canvas& canvas, std::string_view text, TextStyle style, float width) {
    if (canvas.text_size(text, style).x <= width) return std::string(text);
    std::size_t low = 0, high = text.size(); // the longest beginning that fits, by bisection
    while (low + 1 < high) {
        const std::size_t middle = (low + high) / 2;
        (canvas.text_size(std::string(text.substr(0, middle)) + "…", style).x <= width ? low : high) = middle;
    }
    while (low > 0 && (std::uint8_t(text[low]) & 0xc0) == 0x80) --low; // not inside a character
    return std::string(text.substr(0, low)) + "…";
}

std::vector<std::string> wrapped(const Canvas& canvas, std::string_view text, TextStyle style, float width) {
    std::vector<std::string> lines(1);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string word(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::string longer = lines.back().empty() ? word : lines.back() + " " + word;
        if (lines.back().empty() || canvas.text_size(longer, style).x <= width)
            lines.back() = longer;
        else
            lines.push_back(word);
    }
    return lines;
}

float draw_wrapped(Canvas& canvas, std::string_view text, TextStyle style, Colour colour, Rect where) {
    std::vector<std::string> lines = wrapped(canvas, text, style, where.width);
    const auto fitting = std::size_t(std::max(1.f, where.height / text_line_height));
    if (where.height > 0 && lines.size() > fitting) {
        lines.resize(fitting);
        lines.back() += "…";
    }
    float y = where.y;
    for (const std::string& line : lines) {
        canvas.text({where.x, y}, line, style, colour);
        y += text_line_height;
    }
    return y - where.y;
}

} // namespace dilascope
