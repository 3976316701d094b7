#pragma once
// Spec: an experiment file as written: axes, excludes, how to measure; checked key by key, not yet multiplied out.
#include "experiments/axis.h"
#include "experiments/exclude.h"
#include "experiments/measurement.h"
#include "experiments/qkv.h"
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

struct ExcludeRule {
    Condition when;
    std::string reason, text;
    SpecPlace place;
};

struct Spec {
    std::string name;
    std::string tensors; // as written; empty: generated
    SpecPlace tensors_place;
    Layout layout = Layout::bnhd;
    std::vector<SpecAxis>
        axes; // single values, [axes] and [[zip]] alike, in the order written: the first varies slowest
    std::vector<ExcludeRule> excludes;
    Measure measure;
    std::string db, baseline; // [output], as written
    std::vector<std::string> notes;
};

// Reads schema 1. Errors carry file:line, key, value found and value expected; unknown keys name the nearest.
Result<Spec> read_spec(std::string_view toml, const std::filesystem::path& file);

} // namespace dilascope
