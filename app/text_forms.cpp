#include "app/text_forms.h"
#include <charconv>
#include <fmt/format.h>
#include <string_view>

namespace dilascope {

// Whole numbers with the separators between them: numbers_in("0:8,2:6", ":,:", n) is {0, 8, 2, 6}. False when the text
// differs.
static bool numbers_in(std::string_view text, std::string_view separators, std::int64_t* numbers) {
    for (std::size_t index = 0; index <= separators.size(); ++index) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[index]);
        if (error != std::errc{}) return false;
        text.remove_prefix(std::size_t(end - text.data()));
        if (index == separators.size()) return text.empty();
        if (text.empty() || text[0] != separators[index]) return false;
        text.remove_prefix(1);
    }
    return false;
}

Result<PixelSize> parse_size(const std::string& subject, const std::string& text, std::int64_t least,
                             std::int64_t most) {
    std::int64_t n[2];
    const auto fits = [&](std::int64_t side) { return least <= side && side <= most; };
    if (!numbers_in(text, "x", n) || !fits(n[0]) || !fits(n[1]))
        return fail(fmt::format("{} is \"{}\"; expected WIDTHxHEIGHT in pixels, {} … {} each, such as 1600x1000",
                                subject, text, least, most));
    return PixelSize{n[0], n[1]};
}

Result<Region> parse_region(const std::string& subject, const std::string& text, const Problem& problem) {
    std::int64_t n[4];
    if (!numbers_in(text, ":,:", n) || n[0] < 0 || n[1] <= n[0] || n[1] > problem.seq_len || n[2] < 0 || n[3] <= n[2] ||
        n[3] > problem.kv_len)
        return fail(fmt::format("{} is \"{}\"; expected q0:q1,k0:k1 with 0 ≤ q0 < q1 ≤ {} and 0 ≤ k0 < k1 ≤ {}",
                                subject, text, problem.seq_len, problem.kv_len));
    return Region{{n[0], n[1]}, {n[2], n[3]}};
}

} // namespace dilascope
