#pragma once
// Text forms that several verbs take: WIDTHxHEIGHT and q0:q1,k0:k1.
#include "engine/pattern/count.h"
#include "engine/result.h"
#include <string>

namespace dilascope {

struct PixelSize {
    std::int64_t width = 0, height = 0;
};

// "1600x1000"; each side least … most. `subject` names the option in the error.
Result<PixelSize> parse_size(const std::string& subject, const std::string& text, std::int64_t least,
                             std::int64_t most);

// "q0:q1,k0:k1": a non-empty rectangle inside the problem's matrix.
Result<Region> parse_region(const std::string& subject, const std::string& text, const Problem& problem);

} // namespace dilascope
