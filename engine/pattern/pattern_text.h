#pragma once
// The text form of patterns: `kind key=value …`, lists comma-separated; block patterns joined by ` + `; then perhaps
// `order=hilbert grid=WxH use=sequence`. Files, command line, window and runs share it.
#include "engine/pattern/pattern.h"
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

// Unknown kinds and keys are errors that name the nearest match. Omitted keys keep their defaults.
Result<Pattern> parse_pattern(std::string_view text);

// The canonical text: a preset's name where one fits, every key that the preset leaves free. Parses back to the same
// pattern.
std::string to_text(const Pattern& pattern);

// A named starting point of the text form. A preset may fix keys: `longnet`, `torchscale`, `seed` and `fkodom` fix
// heads, phase and mix, so their texts neither show nor take them.
struct Preset {
    const char* name;
    const char* help;
    Pattern pattern;
    std::vector<std::string_view> fixed = {};
};
const std::vector<Preset>& presets();

} // namespace dilascope
