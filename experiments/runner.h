#pragma once
// Runner: a queue of cases answered one after another into a store, with progress, ETA and cancel. The batch verb and
// the window's "Run and save" use the same one.
#include "engine/backends/backend.h"
#include "engine/plan/cost.h"
#include "experiments/experiment.h"
#include "experiments/run.h"
#include "experiments/store.h"
#include <functional>
#include <memory>

namespace dilascope {

struct Progress {
    std::int64_t finished = 0, total = 0, failed = 0, skipped = 0; // skipped: already done or excluded
    double eta_s = 0;                                              // from the cases so far
    std::string current;                                           // text of the case that runs now
};

struct RunnerOptions {
    bool resume = false;                              // leave out cases already done
    std::function<void(const Progress&)> on_progress; // called on the runner's thread, may be empty
    std::function<void(const Run&)> on_run;           // after each finished run, may be empty
    const CancelFlag* cancel = nullptr;
    std::shared_ptr<const MachineRates> rates; // runs are predicted by them before they are measured; may be null
};

// One case: verify against the reference on sampled rows, then measure. Never throws; failures are in the run's
// verdict.
struct Answer {
    Run run;
    std::vector<double> samples_ms;
};
Answer answer(const Case& config, const Measure& measure, const Qkv* tensors, const CancelFlag* cancel);

// All cases of an experiment into the store. Error only when the store or input file fails; failed cases are counted.
Result<Progress> run_experiment(const Experiment& experiment, RunStore& store, const RunnerOptions& options);

} // namespace dilascope
