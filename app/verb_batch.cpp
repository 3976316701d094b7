#include "app/interrupt.h"
#include "app/session.h"
#include "app/verbs.h"
#include "app/visited_json.h"
#include "experiments/baseline.h"
#include "experiments/inputs.h"
#include "experiments/machine_rates.h"
#include "experiments/runner.h"
#include "views/number_format.h"
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <set>

namespace dilascope {
namespace {

using Json = nlohmann::ordered_json;

struct BatchOptions {
    std::string spec, db, json, fail_if_slower;
    bool resume = false, dry_run = false;
};

std::string unwritable(const std::string& target) {
    return fmt::format("--json {}: cannot be written; expected a file in a folder that exists, or -", target);
}

// "-" is standard output.
Result<void> write_json(const Json& json, const std::string& target) {
    const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    if (target == "-") {
        std::cout << text << std::flush;
        return {};
    }
    std::ofstream file(target, std::ios::binary);
    file << text << std::flush;
    if (!file) return fail(unwritable(target));
    return {};
}

// "5%" or "5" as 5.
Result<double> percent_of(const std::string& text) {
    double value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string_view rest(end, std::size_t(text.data() + text.size() - end));
    if (failure != std::errc{} || (rest != "%" && !rest.empty()) || !(value >= 0))
        return fail(fmt::format("--fail-if-slower is \"{}\"; expected a percentage such as 5%", text));
    return value;
}

std::string duration_text(double seconds) {
    if (seconds < 100) return fmt::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0);
    const auto minutes = std::int64_t(seconds / 60);
    if (minutes < 100) return fmt::format("{} min", minutes);
    return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string bytes_text(double bytes) {
    const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < std::size(units)) bytes /= 1024, ++unit;
    return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100 ? 0 : 1, units[unit]);
}

// What a case would cost: bytes of its tensors, and seconds at an assumed speed.
struct Estimate {
    double bytes = 0, seconds = 0;
};
constexpr double assumed_gflop_per_s = 20; // of one thread; a modest processor of today

Estimate estimate(const Case& config, const Measure& measure) {
    const auto problem = problem_of(config);
    const auto pattern = pattern_of(config);
    if (!problem || !pattern) return {};
    const double flops = 4.0 * double(problem->head_dim) * double(problem->batch) *
                         double(count_all_heads(*pattern, *problem, {Count::multiplicity}));
    const double call_s = flops / (assumed_gflop_per_s * 1e9 * double(this_environment().threads));
    const double sampling_s = std::max(measure.min_time_s, double(measure.min_samples) * call_s);
    return {call_bytes(*problem), double(1 + measure.warmup) * call_s + std::min(sampling_s, measure.timeout_s)};
}

int dry_run(const Experiment& experiment, const BatchOptions& options) {
    double bytes_peak = 0, seconds = 0;
    Json json = {{"experiment", experiment.name}, {"cases", Json::array()}, {"excluded", Json::array()}};
    for (const Case& config : experiment.cases) {
        const Estimate cost = estimate(config, experiment.measure);
        bytes_peak = std::max(bytes_peak, cost.bytes);
        seconds += cost.seconds;
        Json entry = json_of(config);
        entry["case_hash"] = case_hash(config), entry["bytes"] = cost.bytes, entry["seconds"] = cost.seconds;
        json["cases"].push_back(std::move(entry));
    }
    for (const ExcludedCase& excluded : experiment.excluded) {
        Json entry = json_of(excluded.config);
        entry["reason"] = excluded.reason;
        json["excluded"].push_back(std::move(entry));
    }
    json["case_count"] = experiment.cases.size();
    json["excluded_count"] = experiment.excluded.size();
    json["bytes_peak"] = bytes_peak;
    json["seconds"] = seconds;
    if (!options.json.empty()) {
        if (const auto written = write_json(json, options.json); !written) return bad_input(written.error().what);
        if (options.json == "-") return exit_ok;
    }
    fmt::print("{}: {} cases, {} excluded\n", experiment.name, experiment.cases.size(), experiment.excluded.size());
    for (const Case& config : experiment.cases) fmt::print("  {}  {}\n", case_hash(config), case_text(config));
    for (const ExcludedCase& excluded : experiment.excluded)
        fmt::print("  excluded          {}: {}\n", case_text(excluded.config), excluded.reason);
    fmt::print("largest case {} of tensors; about {} at an assumed {:.0f} GFLOP/s a thread\n", bytes_text(bytes_peak),
               duration_text(seconds), assumed_gflop_per_s);
    return exit_ok;
}

// How a run ended, after its case in a line.
std::string outcome(const Run& run) {
    constexpr double noisy_pct = 10; // from here on a reader should know
    if (run.status == RunStatus::failed) return ": FAILED: " + run.verdict;
    if (run.status == RunStatus::cancelled) return ": cancelled";
    if (run.status != RunStatus::done) return ": " + run.verdict;
    std::string text = fmt::format(": {} ms [{}, {}], {} GFLOP/s, {}", format_significant(run.time_ms_median),
                                   format_significant(run.time_ms_ci_low), format_significant(run.time_ms_ci_high),
                                   format_significant(run.gflop_per_s, 3), run.verdict);
    if (run.noise_pct > noisy_pct) text += fmt::format(", noise {:.0f} %", run.noise_pct);
    return text;
}

// One line for each run on standard error, and its comparison with the baseline.
class Reporter {
public:
    Reporter(const RunStore& store, std::optional<Baseline> baseline, double slower_pct)
        : store_(store), baseline_(std::move(baseline)), slower_pct_(slower_pct) {}

    void progress(const Progress& progress) { progress_ = progress; }

    void run(const Run& run) {
        runs.push_back(run);
        std::string line = case_text(run.config) + outcome(run);
        if (run.status == RunStatus::done && baseline_) line += compare(run);
        const std::int64_t at = progress_.finished + progress_.skipped, left = progress_.total - at;
        fmt::print(stderr, "[{}/{}] {}{}\n", at, progress_.total, line,
                   left > 0 && progress_.eta_s > 0 ? fmt::format(" · {} left", duration_text(progress_.eta_s)) : "");
    }

    std::vector<Run> runs;
    std::int64_t slower_count = 0, compared_count = 0;

private:
    std::string compare(const Run& run) {
        const Run* before = baseline_->of(run.case_hash);
        if (!before) return " · no baseline";
        const auto before_ms = store_.samples(before->id), now_ms = store_.samples(run.id);
        if (!before_ms || !now_ms) return " · the baseline's samples cannot be read";
        const auto comparison = compare_samples(*before_ms, *now_ms);
        if (!comparison) return " · " + comparison.error().what;
        ++compared_count;
        const bool is_slower = comparison->p < 0.05 && comparison->shift_pct > slower_pct_;
        slower_count += is_slower;
        return fmt::format(" · {} {:+.1f} % (p {:.2g}){}", comparison->words(), comparison->shift_pct, comparison->p,
                           is_slower ? " REGRESSION" : "");
    }

    const RunStore& store_;
    std::optional<Baseline> baseline_;
    double slower_pct_;
    Progress progress_;
};

// 4 when everything that failed asked for a device that this machine lacks, else 1.
int failure_code(const std::vector<Run>& runs) {
    for (const Run& run : runs) {
        if (run.status != RunStatus::failed) continue;
        const auto lacks = [&](const Backend* backend) {
            return backend->name() == run.config.backend && !backend->available();
        };
        const bool is_unknown = run.config.backend != "auto" &&
                                std::none_of(backends().begin(), backends().end(), [&](const Backend* backend) {
                                    return backend->name() == run.config.backend;
                                });
        if (!is_unknown && std::none_of(backends().begin(), backends().end(), lacks)) return exit_cases_failed;
    }
    return exit_no_device;
}

int run_batch(const BatchOptions& options) {
    double slower_pct = 0;
    if (!options.fail_if_slower.empty()) {
        const auto percent = percent_of(options.fail_if_slower);
        if (!percent) return bad_input(percent.error().what);
        slower_pct = *percent;
    }
    // A target that cannot be written is said before hours of measuring, not after.
    if (!options.json.empty() && options.json != "-" && !std::ofstream(options.json, std::ios::app))
        return bad_input(unwritable(options.json));
    const auto experiment = load_experiment(options.spec);
    if (!experiment) return bad_input(experiment.error().what);
    for (const std::string& note : experiment->notes) fmt::print(stderr, "note: {}\n", note);
    if (options.dry_run) return dry_run(*experiment, options);

    const std::filesystem::path db = !options.db.empty()       ? std::filesystem::path(options.db)
                                     : !experiment->db.empty() ? experiment->db
                                                               : std::filesystem::path("runs.sqlite");
    auto store = RunStore::open(db);
    if (!store) return bad_input(store.error().what);
    if (!store->note().empty()) fmt::print(stderr, "note: run store \"{}\": {}\n", db.string(), store->note());
    std::optional<Baseline> baseline;
    if (!options.fail_if_slower.empty() || !experiment->baseline.empty()) {
        auto chosen = Baseline::choose(*store, experiment->baseline);
        if (!chosen) return bad_input(chosen.error().what);
        baseline = std::move(*chosen);
    }

    Reporter reporter(*store, std::move(baseline), slower_pct);
    RunnerOptions runner;
    runner.resume = options.resume;
    runner.cancel = cancel_on_interrupt();
    set_rates_folder(state_folder(""));
    runner.rates = machine_rates();
    runner.on_progress = [&](const Progress& progress) { reporter.progress(progress); };
    runner.on_run = [&](const Run& run) { reporter.run(run); };
    const auto progress = run_experiment(*experiment, *store, runner);
    if (!progress) return bad_input(progress.error().what);

    const bool was_cancelled = runner.cancel->load();
    std::string summary = fmt::format("{}: {} runs, {} failed, {} skipped in {}", experiment->name, progress->finished,
                                      progress->failed, progress->skipped, db.string());
    if (was_cancelled) summary += "; cancelled, --resume continues";
    if (!options.fail_if_slower.empty())
        summary += fmt::format("; {} of {} compared are more than {} % slower", reporter.slower_count,
                               reporter.compared_count, slower_pct);
    fmt::print(stderr, "{}\n", summary);
    if (!options.json.empty()) {
        Json json = {{"experiment", experiment->name}, {"db", db.string()},          {"cases", progress->total},
                     {"finished", progress->finished}, {"failed", progress->failed}, {"skipped", progress->skipped},
                     {"cancelled", was_cancelled},     {"runs", Json::array()}};
        for (const Run& run : reporter.runs) json["runs"].push_back(json_of(run));
        if (const auto written = write_json(json, options.json); !written) return bad_input(written.error().what);
    }
    if (was_cancelled) return exit_cancelled;
    if (progress->failed > 0) return failure_code(reporter.runs);
    return !options.fail_if_slower.empty() && reporter.slower_count > 0 ? exit_regression : exit_ok;
}

} // namespace

void add_batch_verb(CLI::App& app, Action& action) {
    auto options = std::make_shared<BatchOptions>();
    CLI::App* verb = app.add_subcommand("batch", "Run an experiment file into a run store; needs no display");
    verb->add_option("spec", options->spec, "Experiment file (.toml)")->required();
    verb->add_option("--db", options->db, "Run store; default: [output] db of the spec, else runs.sqlite here");
    verb->add_flag("--resume", options->resume, "Leave out cases that are already done in the store");
    verb->add_flag("--dry-run", options->dry_run, "Print cases, excludes, bytes and time; run nothing");
    verb->add_option("--json", options->json, "Also write the result as JSON to this file; - is standard output");
    verb->add_option("--fail-if-slower", options->fail_if_slower,
                     "Exit 3 when a case is slower than its baseline by more than this, e.g. 5%");
    verb->callback([options, &action] { action = [options] { return run_batch(*options); }; });
}

} // namespace dilascope
