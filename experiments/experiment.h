#pragma once
// Experiment: a question in TOML: which combinations of axes, on which tensors, how measured.
#include "engine/result.h"
#include "experiments/case.h"
#include "experiments/measurement.h"
#include "experiments/qkv.h"
#include <filesystem>
#include <string>
#include <vector>

namespace dilascope {

struct ExcludedCase {
    Case config;
    std::string reason;
};

struct Experiment {
    std::string name;
    std::filesystem::path file;    // the spec it came from
    std::filesystem::path tensors; // resolved against the spec's folder; empty: generated
    Layout layout = Layout::bnhd;
    std::shared_ptr<const Qkv> inputs; // what `tensors` holds; null: generated
    Measure measure;
    std::filesystem::path db; // [output] db, resolved; empty when the spec names none
    std::string baseline;     // [output] baseline: "previous", "tag:NAME" or a run id; empty: previous
    std::vector<Case> cases;  // cross product and zips, excludes taken out
    std::vector<ExcludedCase> excluded;
    std::vector<std::string> notes; // what the author should know: merged duplicates, excludes that match nothing
};

// Every combination is checked before anything runs: one that cannot run is an error unless an [[exclude]] takes it
// out. More cases than this are refused, with their count.
inline constexpr std::int64_t max_cases = 100'000;

// Errors carry file:line, key, value found and value expected; unknown keys name the nearest.
Result<Experiment> load_experiment(const std::filesystem::path& path);
Result<Experiment> parse_experiment(std::string_view toml, const std::filesystem::path& file);

} // namespace dilascope
