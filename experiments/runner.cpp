#include "experiments/runner.h"
#include "experiments/case_call.h"
#include "experiments/prediction.h"
#include "experiments/statistics.h"
#include "experiments/ulid.h"
#include "experiments/verify.h"
#include <chrono>
#include <fmt/format.h>
#include <new>
#include <set>

namespace dilascope {
namespace {

// A run of a case before anything is known of it.
Run new_run(const Case& config, const std::string& experiment) {
    Run run;
    run.id = new_ulid();
    run.created = iso_time(unix_time_ms());
    run.experiment = experiment;
    run.config = canonical(config);
    run.case_hash = case_hash(config);
    run.environment = this_environment();
    return run;
}

void record_kernel(Run& run, const CaseCall& call) {
    run.kernel = call.kernel();
    if (!call.choice.reason.empty()) run.kernel += ": " + call.choice.reason;
    if (!call.passed_over.empty()) run.kernel += "; passed over: " + call.passed_over;
}

void record_counts(Run& run, const CaseCall& call) {
    record_kernel(run, call);
    run.active_pairs = count_all_heads(call.pattern, call.problem, {Count::active_pairs});
    run.multiplicity = count_all_heads(call.pattern, call.problem, {Count::multiplicity});
    run.density = double(run.active_pairs) / (double(allowed_pairs(call.problem)) * double(call.problem.heads));
}

void record_times(Run& run, const Measurement& measurement, double flops) {
    const Summary summary = summarize(measurement.samples_ms);
    run.sample_count = summary.count;
    run.calls_per_sample = measurement.calls_per_sample;
    run.time_ms_median = summary.median;
    run.time_ms_min = summary.min;
    run.time_ms_mad = summary.mad;
    run.time_ms_ci_low = summary.ci_low;
    run.time_ms_ci_high = summary.ci_high;
    run.noise_pct = summary.noise_pct;
    run.gflop_per_s = summary.median > 0 ? flops / summary.median * 1e-6 : 0;
    run.stop_rule = measurement.stop_rule;
}

// How a case is answered.
struct Answering {
    const Measure& measure;
    const Qkv* tensors = nullptr;
    const CancelFlag* cancel = nullptr;
    const MachineRates* rates = nullptr; // null: no prediction
    Inputs& inputs;
};

// Fills the run of `answer`; an error says why there is no result.
Result<void> try_answer(Answer& answer, const Answering& how) {
    Run& run = answer.run;
    const std::unique_ptr<CaseCall> owner = TRY(plan_call(run.config, how.cancel));
    CaseCall& call = *owner;
    record_counts(run, call);
    if (how.rates && !call.has_gradients()) record_prediction(run, call.plan, *how.rates);
    TRY(fill_call(call, run.config, how.inputs, how.tensors));
    TRY(call.run());
    record_kernel(run, call);
    const Verdict verdict = TRY(verify(call, how.measure.verify_rows));
    run.error_max_abs = verdict.error_max_abs;
    run.verified_rows = verdict.row_count;
    if (!verdict.is_ok()) return fail(verdict.text); // a wrong kernel's time means nothing
    const CacheState cache = *enum_from_name<CacheState>(run.config.cache);
    Measurement measurement = TRY(measure_calls(call.timed(), how.measure, cache, how.cancel));
    record_kernel(run, call); // which knows by now what its times hold
    record_times(run, measurement, call.flops());
    record_prediction_error(run);
    answer.samples_ms = std::move(measurement.samples_ms);
    run.verdict = verdict.text;
    return {};
}

// Fills `answer.run` whose identity is set.
void complete(Answer& answer, const Answering& how) {
    Run& run = answer.run;
    Result<void> outcome;
    try {
        outcome = try_answer(answer, how);
    } catch (const std::bad_alloc&) {
        outcome = fail("not enough memory for the plan; use fewer tokens or longer segments");
    }
    if (!outcome) run.verdict = outcome.error().what;
    if (is_cancelled(how.cancel))
        run.status = RunStatus::cancelled;
    else
        run.status = outcome ? RunStatus::done : RunStatus::failed;
}

// One pass over an experiment's cases.
class Pass {
public:
    Pass(const Experiment& experiment, RunStore& store, const RunnerOptions& options)
        : experiment_(experiment), store_(store), options_(options) {
        progress_.total = std::int64_t(experiment.cases.size() + experiment.excluded.size());
    }

    Result<Progress> run() {
        std::shared_ptr<const Qkv> tensors = experiment_.inputs;
        if (!tensors && !experiment_.tensors.empty())
            tensors = std::make_shared<const Qkv>(TRY(load_qkv(experiment_.tensors, experiment_.layout)));
        TRY(store_excluded());
        for (const Case& config : experiment_.cases) {
            if (is_cancelled(options_.cancel)) break;
            TRY(run_case(config, tensors.get()));
        }
        progress_.current.clear();
        report();
        return progress_;
    }

private:
    void report() const {
        if (options_.on_progress) options_.on_progress(progress_);
    }

    // Excluded cases stay visible, with their reason; a resumed experiment stores each once.
    Result<void> store_excluded() {
        std::set<std::string> known;
        if (options_.resume && !experiment_.excluded.empty())
            for (const Run& run : TRY(store_.runs()))
                if (run.status == RunStatus::excluded && run.experiment == experiment_.name)
                    known.insert(run.case_hash);
        for (const ExcludedCase& excluded : experiment_.excluded) {
            ++progress_.skipped;
            Run run = new_run(excluded.config, experiment_.name);
            if (known.count(run.case_hash) || !TRY(store_.claim(run, options_.resume))) continue;
            run.status = RunStatus::excluded;
            run.verdict = "excluded: " + excluded.reason;
            TRY(store_.finish(run, {}));
            report();
            if (options_.on_run) options_.on_run(run);
        }
        return {};
    }

    Result<void> run_case(const Case& config, const Qkv* tensors) {
        Answer answer;
        answer.run = new_run(config, experiment_.name);
        answer.run.status = RunStatus::running;
        progress_.current = case_text(answer.run.config);
        report();
        if (!TRY(store_.claim(answer.run, options_.resume))) {
            ++progress_.skipped;
            return {};
        }
        const auto start = std::chrono::steady_clock::now();
        complete(answer, {experiment_.measure, tensors, options_.cancel, options_.rates.get(), inputs_});
        TRY(store_.finish(answer.run, answer.samples_ms));
        busy_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (answer.run.status != RunStatus::cancelled) ++progress_.finished;
        if (answer.run.status == RunStatus::failed) ++progress_.failed;
        const std::int64_t left = progress_.total - progress_.finished - progress_.skipped;
        if (progress_.finished > 0) progress_.eta_s = busy_s_ / double(progress_.finished) * double(left);
        report();
        if (options_.on_run) options_.on_run(answer.run);
        return {};
    }

    const Experiment& experiment_;
    RunStore& store_;
    const RunnerOptions& options_;
    Inputs inputs_;
    Progress progress_;
    double busy_s_ = 0; // in the cases so far
};

} // namespace

Answer answer(const Case& config, const Measure& measure, const Qkv* tensors, const CancelFlag* cancel) {
    Answer answer;
    Inputs inputs;
    answer.run = new_run(config, "");
    complete(answer, {measure, tensors, cancel, nullptr, inputs});
    return answer;
}

Result<Progress> run_experiment(const Experiment& experiment, RunStore& store, const RunnerOptions& options) {
    return Pass(experiment, store, options).run();
}

} // namespace dilascope
