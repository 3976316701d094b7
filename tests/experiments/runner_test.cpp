// The runner: verified before timed, every case accounted for, resumable, cancellable.
#include "engine/pattern/count.h"
#include "experiments/baseline.h"
#include "experiments/runner.h"
#include "experiments/verify.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <limits>

using namespace dilascope;

namespace {

Case small_case() {
    Case config;
    config.pattern = "longnet segments=16,64 rates=1,3";
    config.seq_len = 70, config.heads = 4, config.kv_heads = 2, config.head_dim = 16, config.causal = true;
    return config;
}

Measure six_samples() {
    Measure measure;
    measure.warmup = 1, measure.min_samples = 6, measure.max_samples = 6;
    measure.min_time_s = 0, measure.timeout_s = 5;
    return measure;
}

Experiment small_experiment(int case_count) {
    Experiment experiment;
    experiment.name = "small";
    experiment.measure = six_samples();
    for (int index = 0; index < case_count; ++index) {
        experiment.cases.push_back(small_case());
        experiment.cases.back().seq_len = 20 + index;
    }
    Case excluded = small_case();
    excluded.seq_len = 999;
    experiment.excluded.push_back({excluded, "too long for a test"});
    return experiment;
}

std::int64_t count_status(const RunStore& store, RunStatus status) {
    std::int64_t count = 0;
    const std::vector<Run> runs = store.runs().value();
    for (const Run& run : runs) count += run.status == status;
    return count;
}

} // namespace

TEST_CASE("an answered case carries its verdict, counts, times and environment", "[experiments]") {
    const Case config = small_case();
    const Answer answered = answer(config, six_samples(), nullptr, nullptr);
    const Run& run = answered.run;
    INFO(run.verdict);
    CHECK(run.status == RunStatus::done);
    CHECK(run.verdict == "ok");
    CHECK(run.verified_rows == 64);
    CHECK(run.error_max_abs > 0); // f32 is not f64
    CHECK(run.error_max_abs < 1e-5);
    CHECK(run.case_hash == case_hash(config));
    CHECK(run.id.size() == 26);
    CHECK_FALSE(run.kernel.empty());
    CHECK_FALSE(run.environment.build.empty());
    const Problem problem = problem_of(config).value();
    const Pattern pattern = pattern_of(config).value();
    CHECK(run.active_pairs == count_all_heads(pattern, problem, {Count::active_pairs}));
    CHECK(run.multiplicity > run.active_pairs);
    CHECK(run.density == Approx(double(run.active_pairs) / (4 * 70 * 71 / 2)));
    CHECK(run.sample_count == 6);
    REQUIRE(answered.samples_ms.size() == 6);
    CHECK(run.calls_per_sample >= 1);
    CHECK(run.time_ms_min <= run.time_ms_median);
    CHECK(run.time_ms_ci_low <= run.time_ms_median);
    CHECK(run.time_ms_median <= run.time_ms_ci_high);
    CHECK((run.stop_rule == "noise" || run.stop_rule == "max_samples"));
    CHECK(run.gflop_per_s == Approx(4.0 * 16 * double(run.multiplicity) / run.time_ms_median * 1e-6));
}

TEST_CASE("what cannot run fails with the reason", "[experiments]") {
    const auto verdict = [](auto change) {
        Case config = small_case();
        change(config);
        const Answer answered = answer(config, six_samples(), nullptr, nullptr);
        CHECK(answered.run.status == RunStatus::failed);
        CHECK(answered.samples_ms.empty());
        CHECK(answered.run.sample_count == 0);
        return answered.run.verdict;
    };
    CHECK_THAT(verdict([](Case& c) {
                   c.direction = "forward+backward", c.backend = "cpu";
                   c.pattern = "dilated segments=16,64 rates=1,3 mix=fkodom";
               }),
               contains("no gradient of mix=fkodom"));
    CHECK_THAT(verdict([](Case& c) { c.dtype = "tf32", c.backend = "cpu"; }), contains("no tf32 products"));
    CHECK_THAT(verdict([](Case& c) { c.dtype = "tf32", c.backend = "reference"; }), contains("float64, not in tf32"));
    CHECK_THAT(verdict([](Case& c) { c.backend = "cuda"; }), contains("cuda"));
    CHECK_THAT(verdict([](Case& c) { c.input = "x.npz"; }), contains("no tensors were loaded"));
    CHECK_THAT(verdict([](Case& c) { c.pattern = "longnet segments=4 rates=8"; }), contains("8"));
    CHECK_THAT(verdict([](Case& c) {
                   c.seq_len = 1 << 20, c.batch = 1 << 10, c.heads = 16, c.kv_heads = 0, c.pattern = "dense";
               }),
               contains("GiB"));
}

TEST_CASE("a wrong number anywhere in the sampled rows is found and named", "[experiments]") {
    const Case config = small_case();
    Inputs inputs;
    const std::unique_ptr<CaseCall> owner = plan_call(config, nullptr).value();
    CaseCall& call = *owner;
    REQUIRE(fill_call(call, config, inputs, nullptr));
    REQUIRE(call.run());
    constexpr std::int64_t all_rows = 1000;
    const Verdict right = verify(call, all_rows).value();
    CHECK(right.is_ok());
    CHECK(right.row_count == 4 * 70);

    float& value = call.out[query_offset(call.problem, 0, 33, 2) + 5];
    const float kept = value;
    value += 1e-3f;
    CHECK_THAT(verify(call, all_rows).value().text, contains("wrong: out[5] of batch 0 head 2 query 33"));
    CHECK(verify(call, all_rows).value().error_max_abs == Approx(1e-3).epsilon(0.02));
    value = std::numeric_limits<float>::quiet_NaN();
    CHECK_THAT(verify(call, all_rows).value().text, contains("nan"));
    value = kept;
    call.lse[lse_offset(call.problem, 0, 1, 69)] = 0;
    CHECK_THAT(verify(call, all_rows).value().text, contains("lse of batch 0 head 1 query 69"));
}

TEST_CASE("sampled rows include the first and the last", "[experiments]") {
    const Case config = small_case();
    Inputs inputs;
    const std::unique_ptr<CaseCall> owner = plan_call(config, nullptr).value();
    CaseCall& call = *owner;
    REQUIRE(fill_call(call, config, inputs, nullptr));
    REQUIRE(call.run());
    CHECK(verify(call, 3).value().row_count == 3);
    call.out[0] += 1;
    CHECK_FALSE(verify(call, 2).value().is_ok());
    call.out[0] -= 1;
    call.out[call.out.size() - 1] += 1;
    CHECK_FALSE(verify(call, 2).value().is_ok());
}

TEST_CASE("every mix is verified", "[experiments]") {
    for (const char* mix : {"softmax", "softmax_stopgrad", "mean", "none", "fkodom"}) {
        Case config = small_case();
        config.pattern = std::string("dilated segments=16,64 rates=1,3 mix=") + mix;
        const Answer answered = answer(config, six_samples(), nullptr, nullptr);
        INFO(mix << ": " << answered.run.verdict);
        CHECK(answered.run.status == RunStatus::done);
    }
}

TEST_CASE("every dtype and direction is verified and timed", "[experiments]") {
    for (const char* dtype : {"f32", "f16", "bf16"}) {
        double forward_gflop = 0;
        for (const char* direction : {"forward", "backward", "forward+backward"}) {
            Case config = small_case();
            config.dtype = dtype, config.direction = direction;
            const Answer answered = answer(config, six_samples(), nullptr, nullptr);
            INFO(dtype << " " << direction << ": " << answered.run.verdict);
            CHECK(answered.run.status == RunStatus::done);
            const double gflop = answered.run.gflop_per_s * answered.run.time_ms_median;
            if (forward_gflop == 0) forward_gflop = gflop;
            const double products = config.direction == "forward" ? 2 : config.direction == "backward" ? 5 : 7;
            CHECK(gflop == Approx(forward_gflop * products / 2));
        }
    }
    for (const char* mix : {"softmax_stopgrad", "mean", "none"}) {
        Case config = small_case();
        config.direction = "backward", config.pattern = std::string("dilated segments=16,64 rates=1,3 mix=") + mix;
        CHECK(answer(config, six_samples(), nullptr, nullptr).run.verdict == "ok");
    }
}

TEST_CASE("a wrong number in a gradient is found and named", "[experiments]") {
    for (const char* mix : {"softmax", "mean"}) {
        Case config = small_case();
        config.direction = "backward", config.pattern = std::string("dilated segments=16,64 rates=1,3 mix=") + mix;
        Inputs inputs;
        const std::unique_ptr<CaseCall> owner = plan_call(config, nullptr).value();
        CaseCall& call = *owner;
        REQUIRE(fill_call(call, config, inputs, nullptr));
        REQUIRE(call.run());
        constexpr std::int64_t all_rows = 1000;
        REQUIRE(verify(call, all_rows).value().text == "ok");
        call.dq[query_offset(call.problem, 0, 33, 2) + 5] += 1e-3f;
        CHECK_THAT(verify(call, all_rows).value().text, contains("wrong: dq[5] of batch 0 head 2 query 33"));
        REQUIRE(call.run());
        call.dk[key_offset(call.problem, 0, 21, 1) + 3] += 1e-3f;
        CHECK_THAT(verify(call, all_rows).value().text, contains("wrong: dk[3] of batch 0 key head 1 key 21"));
        REQUIRE(call.run());
        call.dv[key_offset(call.problem, 0, 69, 0)] = std::numeric_limits<float>::quiet_NaN();
        CHECK_THAT(verify(call, all_rows).value().text, contains("wrong: dv[0] of batch 0 key head 0 key 69"));
    }
}

TEST_CASE("numbers too large for f16 are told", "[experiments]") {
    Case config = small_case();
    Qkv tensors = generate_qkv(problem_of(config).value(), 1).value();
    tensors.k[7] = 1e6f;
    config.input = "x.npz", config.dtype = "f16";
    CHECK_THAT(answer(config, six_samples(), &tensors, nullptr).run.verdict,
               contains("largest number is 65504, but k holds 1000000"));
    config.dtype = "bf16";
    CHECK(answer(config, six_samples(), &tensors, nullptr).run.status == RunStatus::done);
}

TEST_CASE("inputs of equal cases are made once", "[experiments]") {
    Inputs inputs;
    Case config = small_case();
    const Problem problem = problem_of(config).value();
    const float* first = inputs.of(config, problem, nullptr, nullptr).value()->q.data();
    config.pattern = "dense";
    CHECK(inputs.of(config, problem, nullptr, nullptr).value()->q.data() == first);
    const float before = *first;
    config.seed = 5;
    CHECK(inputs.of(config, problem, nullptr, nullptr).value()->q[0] != before);
}

TEST_CASE("an experiment stores every case, resume adds only what is missing", "[experiments]") {
    const ScratchFolder folder;
    RunStore store = RunStore::open(folder / "runs.sqlite").value();
    Experiment experiment = small_experiment(4);
    experiment.cases[2].backend = "cpu", experiment.cases[2].dtype = "tf32"; // which the cpu has no products of
    std::vector<std::string> texts;
    int run_count = 0;
    RunnerOptions options;
    options.on_progress = [&](const Progress& progress) { texts.push_back(progress.current); };
    options.on_run = [&](const Run&) { ++run_count; };
    const Progress progress = run_experiment(experiment, store, options).value();
    CHECK(progress.total == 5);
    CHECK(progress.finished == 4);
    CHECK(progress.failed == 1);
    CHECK(progress.skipped == 1);
    CHECK(run_count == 5);
    CHECK_THAT(texts.at(1), contains("N=20"));
    CHECK(count_status(store, RunStatus::done) == 3);
    CHECK(count_status(store, RunStatus::failed) == 1);
    CHECK(count_status(store, RunStatus::excluded) == 1);
    const std::vector<Run> runs = store.runs().value();
    for (const Run& run : runs) {
        CHECK(run.experiment == "small");
        if (run.status == RunStatus::done) CHECK(store.samples(run.id).value().size() == 6);
        if (run.status == RunStatus::excluded) CHECK_THAT(run.verdict, contains("too long for a test"));
    }

    options.resume = true;
    experiment.cases.push_back(small_case());
    const Progress resumed = run_experiment(experiment, store, options).value();
    CHECK(resumed.finished == 2); // the new one, and the failed one again
    CHECK(resumed.skipped == 4);
    CHECK(count_status(store, RunStatus::done) == 4);
    CHECK(count_status(store, RunStatus::excluded) == 1);
    CHECK(count_status(store, RunStatus::running) == 0);
}

TEST_CASE("cancel ends an experiment, what is done stays, resume finishes", "[experiments]") {
    const ScratchFolder folder;
    RunStore store = RunStore::open(folder / "runs.sqlite").value();
    const Experiment experiment = small_experiment(6);
    CancelFlag cancel = false;
    RunnerOptions options;
    options.cancel = &cancel;
    options.on_run = [&](const Run& run) { cancel = run.config.seq_len == 22; };
    const Progress progress = run_experiment(experiment, store, options).value();
    CHECK(progress.finished == 3);
    CHECK(count_status(store, RunStatus::done) == 3);
    cancel = false;
    options.on_run = {};
    options.resume = true;
    run_experiment(experiment, store, options).value();
    CHECK(count_status(store, RunStatus::done) == 6);
}

TEST_CASE("a case cancelled under way is stored as cancelled", "[experiments]") {
    CancelFlag cancel = true;
    const Answer answered = answer(small_case(), six_samples(), nullptr, &cancel);
    CHECK(answered.run.status == RunStatus::cancelled);
}

TEST_CASE("a baseline is the newest done run of the same case on this machine", "[experiments]") {
    const ScratchFolder folder;
    RunStore store = RunStore::open(folder / "runs.sqlite").value();
    const Experiment experiment = small_experiment(2);
    run_experiment(experiment, store, {}).value();
    run_experiment(experiment, store, {}).value();
    const std::string hash = case_hash(experiment.cases[1]);
    const auto runs = store.runs().value(); // newest first
    const Run& newest = *std::find_if(runs.begin(), runs.end(), [&](const Run& run) { return run.case_hash == hash; });
    const Run& oldest =
        *std::find_if(runs.rbegin(), runs.rend(), [&](const Run& run) { return run.case_hash == hash; });
    REQUIRE(newest.id != oldest.id);
    CHECK(Baseline::choose(store, "").value().of(hash)->id == newest.id);
    CHECK(Baseline::choose(store, oldest.id).value().of(hash)->id == oldest.id);
    CHECK(Baseline::choose(store, "tag:main").value().of(hash) == nullptr);
    REQUIRE(store.annotate(oldest.id, "", "fast, main"));
    CHECK(Baseline::choose(store, "tag:main").value().of(hash)->id == oldest.id);
    CHECK(Baseline::choose(store, "tag:mai").value().of(hash) == nullptr);
    CHECK(Baseline::choose(store, "previous").value().of("0000000000000000") == nullptr);
    CHECK_THAT(Baseline::choose(store, "zzz").error().what, contains("zzz"));
}
