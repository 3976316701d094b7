#pragma once
// The known word nearest to a mistyped one, for error texts ("did you mean …?").
#include <span>
#include <string>
#include <string_view>

namespace dilascope {

// The candidate with the smallest edit distance to `word`; empty when none is near (distance > half its length + 1).
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> candidates);

// ` (did you mean "x"?)` when there is a near candidate, else `; expected one of a, b, c`. To append to an error.
std::string nearest_hint(std::string_view word, std::span<const std::string_view> candidates);

} // namespace dilascope
