// The queue runs experiments in the background, one after another, and can be stopped at any time.
#include "experiments/run_queue.h"
#include "tests/contains.h"
#include "tests/eventually.h"
#include "tests/experiments/example_run.h"
#include "tests/scratch_folder.h"
#include <chrono>
#include <functional>
#include <thread>

using namespace dilascope;

namespace {

Experiment tiny_experiment(const std::string& name, int case_count) {
    Experiment experiment;
    experiment.name = name;
    experiment.measure.warmup = 0;
    experiment.measure.min_samples = 2;
    experiment.measure.min_time_s = 0;
    experiment.measure.max_noise_pct = 1000;
    experiment.measure.verify_rows = 2;
    for (int index = 0; index < case_count; ++index) {
        Case config;
        config.seq_len = 16 + index;
        config.heads = 1;
        config.head_dim = 8;
        experiment.cases.push_back(config);
    }
    return experiment;
}

} // namespace

TEST_CASE("queued experiments run one after another into their stores", "[experiments]") {
    ScratchFolder folder;
    RunQueue queue;
    CHECK_FALSE(queue.state().busy);
    queue.enqueue(tiny_experiment("first", 3), folder / "a.sqlite");
    queue.enqueue(tiny_experiment("second", 2), folder / "b.sqlite");
    REQUIRE(eventually([&] { return queue.state().completed == 2; }));
    const QueueState state = queue.state();
    CHECK_FALSE(state.busy);
    CHECK(state.waiting == 0);
    CHECK_FALSE(state.failed);
    CHECK_THAT(state.message, contains("second: 2 of 2 cases in") && contains("b.sqlite"));
    CHECK(state.progress.finished == 2);
    const auto runs = value_of(value_of(RunStore::open(folder / "a.sqlite")).runs());
    REQUIRE(runs.size() == 3);
    for (const Run& run : runs) CHECK(run.status == RunStatus::done);
    CHECK(value_of(value_of(RunStore::open(folder / "b.sqlite")).runs()).size() == 2);
}

TEST_CASE("a store that cannot be opened ends the experiment with the reason", "[experiments]") {
    ScratchFolder folder;
    RunQueue queue;
    queue.enqueue(tiny_experiment("first", 1), folder / "missing/a.sqlite");
    REQUIRE(eventually([&] { return queue.state().completed == 1; }));
    CHECK(queue.state().failed);
    CHECK_THAT(queue.state().message, contains("does not exist; create it"));
}

TEST_CASE("cancelling stops the one under way, or all, the callers do not wait", "[experiments]") {
    ScratchFolder folder;
    Experiment endless = tiny_experiment("endless", 1000);
    endless.measure.min_time_s = 0.05;
    RunQueue queue;
    queue.enqueue(endless, folder / "a.sqlite");
    queue.enqueue(tiny_experiment("next", 1), folder / "a.sqlite");
    REQUIRE(eventually([&] { return queue.state().progress.finished >= 1; }));
    CHECK(queue.state().experiment == "endless");
    CHECK(queue.state().waiting == 1);
    queue.cancel_current();
    REQUIRE(eventually([&] { return queue.state().completed == 2; }));
    CHECK_THAT(queue.state().message, contains("next: 1 of 1"));

    queue.enqueue(endless, folder / "a.sqlite");
    queue.enqueue(endless, folder / "a.sqlite");
    REQUIRE(eventually([&] { return queue.state().busy; }));
    queue.cancel_all();
    REQUIRE(eventually([&] { return queue.state().completed == 3; }));
    CHECK_THAT(queue.state().message, contains("cancelled"));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(queue.state().completed == 3);
    CHECK_FALSE(queue.state().busy);
}

TEST_CASE("the queue's end stops what runs, soon, and leaves the store whole", "[experiments]") {
    ScratchFolder folder;
    Experiment endless = tiny_experiment("endless", 1000);
    endless.measure.min_time_s = 0.05;
    {
        RunQueue queue;
        queue.enqueue(endless, folder / "a.sqlite");
        REQUIRE(eventually([&] { return queue.state().progress.finished >= 1; }));
    }
    const std::vector<Run> runs = value_of(value_of(RunStore::open(folder / "a.sqlite")).runs());
    CHECK(runs.size() < 400); // 20 s of them
    for (const Run& run : runs) CHECK((run.status == RunStatus::done || run.status == RunStatus::cancelled));
}
