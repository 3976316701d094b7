#pragma once
// Run: one answered case: keys, environment, verdict, statistics, raw samples. A column is a member plus a visit line.
#include "experiments/case.h"
#include <string>
#include <vector>

namespace dilascope {

// Where and by what a run was measured.
struct Environment {
    std::string cpu; // model name
    std::int64_t threads = 0;
    std::string governor;   // "performance", "" when the system does not tell
    std::string gpu;        // the first one CUDA can use, "" when none
    std::string gpu_driver; // "580.65.06, CUDA 13.0"
    std::string build;      // version, compiler and build type
    std::string git_commit; // of the source built, "" when unknown
    bool git_dirty = false;

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"cpu", "Processor"}, self.cpu);
        v(Field{"threads", "CPU threads used"}, self.threads);
        v(Field{"governor", "CPU frequency governor"}, self.governor);
        v(Field{"gpu", "Graphics processor"}, self.gpu);
        v(Field{"gpu_driver", "Driver of the graphics processor"}, self.gpu_driver);
        v(Field{"build", "Version, compiler, build type"}, self.build);
        v(Field{"git_commit", "Commit of the source built"}, self.git_commit);
        v(Field{"git_dirty", "The source had uncommitted changes"}, self.git_dirty);
    }
};
const Environment& this_environment();

enum class RunStatus : std::uint8_t { queued, running, done, failed, interrupted, excluded, cancelled };
constexpr auto enum_names(RunStatus) {
    return std::array<std::string_view, 7>{"queued",      "running",  "done",     "failed",
                                           "interrupted", "excluded", "cancelled"};
}
// The verdict of a run whose process ended before it did.
inline constexpr std::string_view interrupted_verdict = "none: the process ended before the run did";

struct Run {
    std::string id;         // ULID: sorts by creation time
    std::string experiment; // name of the experiment
    std::string case_hash;
    RunStatus status = RunStatus::queued;
    std::string created; // ISO 8601, UTC
    Case config;
    Environment environment;
    // verdict: compared with `reference` on sampled rows before anything was timed
    std::string verdict;      // "ok", "wrong: …", or why there is none
    double error_max_abs = 0; // worst |out − reference| on the sampled rows
    std::int64_t verified_rows = 0;
    std::string kernel; // the kernel chosen and why
    // exact counts, all heads of one batch element
    std::int64_t active_pairs = 0;
    std::int64_t multiplicity = 0;
    double density = 0; // active ÷ allowed pairs
    // timing
    std::int64_t sample_count = 0;
    std::int64_t calls_per_sample = 0; // more than 1 when one call is too short to time alone
    double time_ms_median = 0, time_ms_min = 0, time_ms_mad = 0, time_ms_ci_low = 0, time_ms_ci_high = 0;
    double noise_pct = 0;
    double gflop_per_s = 0;
    // prediction, before it was measured
    double time_ms_predicted = 0; // by this machine's rates; 0: none
    double prediction_error_pct = 0;
    std::string stop_rule;   // which rule ended the measurement: "noise", "max_samples", "timeout" …
    std::string notes, tags; // the only columns that may change once a run is done

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"id", "Run id (ULID)"}, self.id);
        v(Field{"experiment", "Experiment name"}, self.experiment);
        v(Field{"case_hash", "Identity of the case"}, self.case_hash);
        v(Field{"status", "queued, running, done, failed, interrupted, excluded or cancelled"}, self.status);
        v(Field{"created", "Creation time, UTC"}, self.created);
        std::remove_reference_t<decltype(self.config)>::visit(self.config, v);
        std::remove_reference_t<decltype(self.environment)>::visit(self.environment, v);
        v(Field{"verdict", "Agreement with the float64 reference on sampled rows"}, self.verdict);
        v(Field{"error_max_abs", "Worst absolute error on the sampled rows"}, self.error_max_abs);
        v(Field{"verified_rows", "Rows compared with the reference"}, self.verified_rows);
        v(Field{"kernel", "Kernel chosen, and why"}, self.kernel);
        v(Field{"active_pairs", "Distinct (query, key) pairs, all heads", "pairs"}, self.active_pairs);
        v(Field{"multiplicity", "Pairs counted once for each branch, all heads", "pairs"}, self.multiplicity);
        v(Field{"density", "Active pairs ÷ allowed pairs"}, self.density);
        v(Field{"sample_count", "Timing samples kept"}, self.sample_count);
        v(Field{"calls_per_sample", "Calls timed together; a sample is their mean"}, self.calls_per_sample);
        v(Field{"time_ms_median", "Median time of one call", "ms"}, self.time_ms_median);
        v(Field{"time_ms_min", "Fastest call", "ms"}, self.time_ms_min);
        v(Field{"time_ms_mad", "Median absolute deviation (not scaled)", "ms"}, self.time_ms_mad);
        v(Field{"time_ms_ci_low", "95 % confidence interval of the median, low end", "ms"}, self.time_ms_ci_low);
        v(Field{"time_ms_ci_high", "95 % confidence interval of the median, high end", "ms"}, self.time_ms_ci_high);
        v(Field{"noise_pct", "Interquartile range ÷ median", "%"}, self.noise_pct);
        v(Field{"gflop_per_s", "Useful matmul GFLOP/s", "GFLOP/s"}, self.gflop_per_s);
        v(Field{"time_ms_predicted", "Time predicted from this machine's rates before measuring; 0: none", "ms"},
          self.time_ms_predicted);
        v(Field{"prediction_error_pct", "Predicted ÷ measured median − 1", "%"}, self.prediction_error_pct);
        v(Field{"stop_rule", "Which rule ended the measurement"}, self.stop_rule);
        v(Field{"notes", "Free text"}, self.notes);
        v(Field{"tags", "Comma-separated tags"}, self.tags);
    }
};

} // namespace dilascope
