// Rates of a machine, predictions from them, and what runs teach about them.
#include "engine/pattern/pattern_text.h"
#include "experiments/machine_rates.h"
#include "experiments/prediction.h"
#include "experiments/runner.h"
#include "tests/catch.h"
#include "tests/experiments/example_run.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"
#include "tests/some_rates.h"

using namespace dilascope;

namespace {

Run predicted_run(int index, double predicted_ms, double measured_ms) {
    Run run = example_run(index);
    run.environment.cpu = this_environment().cpu, run.environment.threads = this_environment().threads;
    run.time_ms_predicted = predicted_ms, run.time_ms_median = measured_ms;
    return run;
}

// What a machine of these rates would take.
RateSample sample_of(const char* text, const Problem& problem, const MachineRates& rates) {
    const Plan plan = make_plan(parse_pattern(text).value(), problem).value();
    RateSample sample{problem, work_of(plan), 0};
    const PredictedTime time = predicted_time(sample.work, double(plan.multiplicity), problem, rates);
    sample.time_ms = time.total() - time.waiting;
    return sample;
}

} // namespace

TEST_CASE("rates: fitted to exact times they predict those times and others", "[experiments]") {
    MachineRates truth = some_rates();
    std::vector<RateSample> samples;
    for (const std::int64_t dim : {32, 64, 128})
        for (const char* text : {"dense", "window left=32 right=32", "longnet segments=16 rates=1",
                                 "longnet segments=64,256,1024 rates=1,4,16", "local block=32 window=2"})
            for (const std::int64_t tokens : {128, 2048})
                samples.push_back(sample_of(text, self_attention(tokens, 4, dim, tokens == 128), truth));
    MachineRates fitted;
    fitted.peak_gflop_per_s = truth.peak_gflop_per_s, fitted.threads = truth.threads;
    fit_rates(samples, fitted);
    CHECK(fitted.spread <= 0.03); // the least there is
    CHECK(fitted.multiply_gflop_per_s == Approx(400).epsilon(0.1));
    for (const char* text :
         {"window left=200 right=0", "longnet segments=128,512 rates=1,8", "local block=16 window=3"}) {
        const Problem problem = self_attention(4096, 8, 80);
        INFO(text);
        CHECK(sample_of(text, problem, fitted).time_ms ==
              Approx(sample_of(text, problem, truth).time_ms).epsilon(0.05));
    }
    // Times no machine can reach do not make its products faster than its peak.
    for (RateSample& sample : samples) sample.time_ms /= 100;
    fit_rates(samples, fitted);
    CHECK(fitted.multiply_gflop_per_s <= 500 * 1.0001);
}

TEST_CASE("rates: their text reads back, other texts are refused", "[experiments]") {
    const MachineRates rates = some_rates();
    const MachineRates back = rates_from_text(rates_to_text(rates)).value();
    CHECK(rates_to_text(back) == rates_to_text(rates));
    CHECK(back.multiply_gflop_per_s == 400);
    CHECK(back.cpu == rates.cpu);
    CHECK(says(error_of(rates_from_text("")), {"not a JSON object"}));
    CHECK(says(error_of(rates_from_text("{\"format\": 3}")), {"format is not 4"}));
    CHECK(says(error_of(rates_from_text("{\"format\": 4}")), {"cpu"}));
    std::string wrong = rates_to_text(rates);
    wrong.replace(wrong.find("0.05"), 4, "\"a\"");
    CHECK(says(error_of(rates_from_text(wrong)), {"score_ns"}));
}

TEST_CASE("prediction: without runs the rates' own spread is the interval, runs move and narrow it", "[experiments]") {
    const MachineRates rates = some_rates();
    const PredictionRecord none = prediction_record({}, rates);
    CHECK(none.ratio == 1);
    CHECK(none.ratio_low < 0.95);
    CHECK(none.ratio_high > 1.05);
    std::vector<Run> runs;
    for (int index = 0; index < 20; ++index) runs.push_back(predicted_run(index, 10, 12 + 0.05 * index)); // 20 … 30 %
    const PredictionRecord some = prediction_record(runs, rates);
    CHECK(some.run_count == 20);
    CHECK(some.ratio > 1.15);
    CHECK(some.ratio < 1.27);
    CHECK(some.ratio_high - some.ratio_low < none.ratio_high - none.ratio_low);
    CHECK(prediction_record(std::span(runs).first(1), rates).ratio < 1.1); // one run is not yet a rule
    for (Run& run : runs) run.environment.cpu = "another";
    CHECK(prediction_record(runs, rates).run_count == 0);
    const Cost cost =
        cost_of(parse_pattern("window left=64 right=64").value(), self_attention(4096, 4, 64), {}).value();
    const Prediction prediction = predict(cost, rates, some);
    CHECK(prediction.time_ms == Approx(prediction.parts.total()));
    CHECK(prediction.low_ms < prediction.time_ms);
    CHECK(prediction.high_ms > prediction.time_ms);
}

TEST_CASE("runs of an experiment are predicted before they are measured, and the error stored", "[experiments][slow]") {
    const ScratchFolder folder;
    Experiment experiment;
    experiment.name = "predicted";
    experiment.measure.min_samples = 3, experiment.measure.min_time_s = 0, experiment.measure.timeout_s = 1;
    Case config;
    config.pattern = "window left=16 right=16", config.seq_len = 512, config.heads = 2;
    experiment.cases = {config, config, config};
    experiment.cases[1].backend = "reference";
    experiment.cases[1].seq_len = 64;
    experiment.cases[2].cache = "cold";
    auto store = RunStore::open(folder / "runs.sqlite").value();
    RunnerOptions options;
    options.rates = std::make_shared<const MachineRates>(some_rates());
    REQUIRE(run_experiment(experiment, store, options));
    int predicted = 0;
    for (const Run& run : value_of(store.runs())) {
        REQUIRE(run.status == RunStatus::done);
        const bool is_hot_cpu = run.config.backend != "reference" && run.config.cache == "hot";
        CHECK((run.time_ms_predicted > 0) == is_hot_cpu);
        if (!is_hot_cpu) continue;
        ++predicted;
        CHECK(run.prediction_error_pct == Approx((run.time_ms_predicted / run.time_ms_median - 1) * 100));
        const Pattern pattern = parse_pattern(run.config.pattern).value();
        const Cost cost = cost_of(pattern, problem_of(run.config).value(), {}).value();
        CHECK(run.time_ms_predicted == Approx(predict(cost, *options.rates, {}).time_ms)); // the what-if said the same
    }
    CHECK(predicted == 1);
}

TEST_CASE("calibration: this machine's rates are plausible, measured once and kept", "[experiments][slow]") {
    const ScratchFolder folder;
    set_rates_folder(folder.path);
    const auto rates = machine_rates();
    set_rates_folder("");
    REQUIRE(rates);
    CHECK(machine_rates() == rates);
    CHECK(known_rates() == rates);
    CHECK(rates->multiply_gflop_per_s > 0.2 * rates->peak_gflop_per_s);
    CHECK(rates->multiply_gflop_per_s <= 1.001 * rates->peak_gflop_per_s);
    CHECK(rates->memory_gb_per_s > 0.5);
    CHECK(rates->score_ns >= 0);
    CHECK(rates->spread < 1);
    const bool is_kept = std::filesystem::exists(folder / "rates.json");
    CHECK(is_kept == (rates->spread <= 0.15)); // a disturbed measurement is not for the next start
    if (is_kept) CHECK(read_bytes(folder / "rates.json") == rates_to_text(*rates));
    const CancelFlag cancel = true;
    CHECK_FALSE(measure_rates(&cancel));
}
