#pragma once
// Experiment: a question in TOML: which combinations of axes, on which tensors, how measured.
#include "engine/result.h"
#include "experiments/case.h"
#include "experiments/qkv.h"
#include <filesystem>
#include <string>
#include <vector>

namespace dilascope {

// How a case is measured. Sampling stops when min_samples and min_time_s are reached and noise is below max_noise_pct,
// or at timeout_s; the rule that fired is stored.
struct Measure {
    std::int64_t warmup = 2;
    std::int64_t min_samples = 9;
    std::int64_t max_samples = 1000;
    double min_time_s = 0.1;
    double max_noise_pct = 5;
    double timeout_s = 30;
    bool hot = true;  // caches as the last call left them
    bool cold = false; // caches flushed before each sample
    std::int64_t verify_rows = 64; // rows compared with the reference

    template <class Self, class V>
    static void visit(Self& self, V&& v) {
        v(Field{"warmup", "Calls before the first sample", "", 0, 1e6}, self.warmup);
        v(Field{"min_samples", "Samples at least", "", 1, 1e6}, self.min_samples);
        v(Field{"max_samples", "Samples at most", "", 1, 1e6}, self.max_samples);
        v(Field{"min_time_s", "Sampling time at least", "s", 0, 1e5}, self.min_time_s);
        v(Field{"max_noise_pct", "Stop once IQR/median is below", "%", 0, 1e3}, self.max_noise_pct);
        v(Field{"timeout_s", "Stop whatever the noise after", "s", 0, 1e5}, self.timeout_s);
        v(Field{"hot", "Measure with warm caches"}, self.hot);
        v(Field{"cold", "Measure with flushed caches"}, self.cold);
        v(Field{"verify_rows", "Rows compared with the reference", "", 1, 1e6}, self.verify_rows);
    }
};

struct ExcludedCase {
    Case config;
    std::string reason;
};

struct Experiment {
    std::string name;
    std::filesystem::path file;     // the spec it came from
    std::filesystem::path tensors;  // resolved against the spec's folder; empty: generated
    Layout layout = Layout::bnhd;
    Measure measure;
    std::filesystem::path db;       // [output] db, resolved; empty when the spec names none
    std::string baseline;           // [output] baseline, as written
    std::vector<Case> cases;        // cross product and zips, excludes taken out
    std::vector<ExcludedCase> excluded;
};

// More cases than this are refused, with their count.
inline constexpr std::int64_t max_cases = 100'000;

// Errors carry file:line, key, value found and value expected; unknown keys name the nearest.
Result<Experiment> load_experiment(const std::filesystem::path& path);
Result<Experiment> parse_experiment(std::string_view toml, const std::filesystem::path& file);

}  // namespace dilascope
