#include "engine/nearest.h"
#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <vector>

namespace dilascope {

// Levenshtein distance by the two-row recurrence.
static std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t a_index = 0; a_index < a.size(); ++a_index) {
        std::size_t diagonal = row[0];
        row[0] = a_index + 1;
        for (std::size_t b_index = 0; b_index < b.size(); ++b_index) {
            const std::size_t substituted = diagonal + (a[a_index] != b[b_index]);
            diagonal = row[b_index + 1];
            row[b_index + 1] = std::min({substituted, row[b_index] + 1, row[b_index + 1] + 1});
        }
    }
    return row.back();
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates) {
    std::string_view best;
    std::size_t best_distance = word.size() / 2 + 2;
    for (std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance) best = candidate, best_distance = distance;
    }
    return best;
}

std::string nearest_hint(std::string_view word, std::span<const std::string_view> candidates) {
    const std::string_view near = nearest_word(word, candidates);
    if (!near.empty()) return fmt::format("; did you mean \"{}\"?", near);
    return fmt::format("; expected one of {}", fmt::join(candidates, ", "));
}

} // namespace dilascope
