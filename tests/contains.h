#pragma once
// contains("…"): a matcher for texts, for CHECK_THAT; named differently by Catch2 2 and 3.
#include "tests/catch.h"

namespace dilascope {

inline auto contains(const std::string& part) {
#if __has_include(<catch2/catch_all.hpp>)
    return Catch::Matchers::ContainsSubstring(part);
#else
    return Catch::Matchers::Contains(part);
#endif
}

} // namespace dilascope
