#pragma once
// Minus infinity, on the host and on devices.

namespace dilascope {

// The LSE of a row that sees no key, and the maximum before the first score.
inline constexpr float minus_infinity = -__builtin_huge_valf();

} // namespace dilascope
