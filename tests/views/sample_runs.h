#pragma once
// Runs as a store would hold them, for tests of tables and plots.
#include "experiments/run.h"
#include <fmt/format.h>
#include <memory>
#include <vector>

namespace dilascope {

inline Run sample_run(int index, const std::string& pattern, std::int64_t seq_len, double time_ms) {
    Run run;
    run.id = fmt::format("01HZ{:022}", index);
    run.experiment = "sweep";
    run.status = RunStatus::done;
    run.created = "2025-01-01T00:00:00Z";
    run.config.pattern = pattern;
    run.config.seq_len = seq_len;
    run.config.backend = "cpu";
    run.case_hash = pattern + std::to_string(seq_len);
    run.verdict = "ok";
    run.time_ms_median = time_ms;
    run.time_ms_ci_low = time_ms * 0.9;
    run.time_ms_ci_high = time_ms * 1.2;
    run.gflop_per_s = 100 / time_ms;
    run.active_pairs = seq_len * seq_len;
    return run;
}

using Runs = std::vector<Run>;

// `count` finished runs of two patterns over growing lengths, newest first.
inline std::shared_ptr<const Runs> sample_runs(int count) {
    auto runs = std::make_shared<Runs>();
    for (int index = count - 1; index >= 0; --index) {
        const bool dense = index % 2 == 0;
        const std::int64_t seq_len = std::int64_t(512) << (index / 2 % 8);
        runs->push_back(sample_run(index, dense ? "dense" : "dilated segments=256,512 rates=1,2", seq_len,
                                   double(seq_len) / 512 * (dense ? 1.5 : 0.4) + 0.001 * index));
    }
    return runs;
}

} // namespace dilascope
