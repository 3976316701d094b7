// Several threads and processes on one store: nothing lost, nothing twice, nothing locked.
#include "tests/experiments/child_process.h"
#include "tests/experiments/example_run.h"
#include "tests/scratch_folder.h"
#include <algorithm>
#include <map>
#include <random>
#include <thread>

using namespace dilascope;
namespace fs = std::filesystem;

namespace {

// Runs every case of `order` that nobody else has, as a batch would. "" or the first error.
std::string run_cases(const fs::path& path, const std::vector<int>& order) {
    auto store = RunStore::open(path);
    if (!store) return store.error().what;
    for (int index : order) {
        const Run run = example_run(index);
        const auto claimed = store->claim(run, true);
        if (!claimed) return claimed.error().what;
        if (!*claimed) continue;
        if (const auto done = store->finish(run, std::vector<double>(20, index)); !done) return done.error().what;
    }
    return "";
}

std::vector<int> shuffled(int count, unsigned seed) {
    std::vector<int> order(static_cast<std::size_t>(count));
    for (int index = 0; index < count; ++index) order[std::size_t(index)] = index;
    std::shuffle(order.begin(), order.end(), std::mt19937(seed));
    return order;
}

std::map<std::string, int> runs_per_case(const RunStore& store, RunStatus status) {
    std::map<std::string, int> counts;
    for (const Run& run : value_of(store.runs()))
        if (run.status == status) ++counts[run.case_hash];
    return counts;
}

bool has_lock_files(const fs::path& folder) {
    return std::any_of(fs::directory_iterator(folder), {},
                       [](const auto& entry) { return entry.path().string().find("-running-") != std::string::npos; });
}

} // namespace

TEST_CASE("processes and threads share out the cases of an experiment", "[experiments]") {
    constexpr int case_count = 40;
    ScratchFolder folder;
    const fs::path path = folder / "a.sqlite"; // which all of them create at once
    std::vector<ChildProcess> children;
    for (unsigned seed = 0; seed < 3; ++seed)
        children.emplace_back([&path, seed] {
            std::string errors[2];
            std::thread other([&] { errors[0] = run_cases(path, shuffled(case_count, seed)); });
            errors[1] = run_cases(path, shuffled(case_count, seed + 100));
            other.join();
            return errors[0] + errors[1];
        });
    for (ChildProcess& child : children) CHECK(child.wait() == "");
    RunStore store = value_of(RunStore::open(path));
    const auto done = runs_per_case(store, RunStatus::done);
    CHECK(done.size() == case_count);
    for (const auto& [name, count] : done) CHECK(count == 1);
    CHECK(value_of(store.runs()).size() == case_count);
    CHECK_FALSE(has_lock_files(folder.path));
}

TEST_CASE("a live process keeps its case, a killed one loses it and stays listed", "[experiments]") {
    ScratchFolder folder;
    const fs::path path = folder / "a.sqlite";
    const Run theirs = example_run(0), killed = example_run(1);
    value_of(RunStore::open(path));
    int go[2], ready[2];
    REQUIRE((::pipe(go) == 0 && ::pipe(ready) == 0));
    ChildProcess child([&]() -> std::string {
        auto store = RunStore::open(path);
        if (!store || !store->claim(theirs, false)) return "cannot claim";
        char byte = 'x';
        if (::write(ready[1], &byte, 1) != 1 || ::read(go[0], &byte, 1) != 1) return "no signal";
        const auto done = store->finish(theirs, {});
        return done ? "finished" : done.error().what;
    });
    ChildProcess dying([&]() -> std::string {
        auto store = RunStore::open(path);
        if (!store || !store->claim(killed, false)) return "cannot claim";
        ::raise(SIGKILL);
        return "";
    });
    char byte = 'x';
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    CHECK(dying.wait() == "");

    const RunStore reader = value_of(RunStore::open(path, OpenMode::read_only));
    CHECK(value_of(reader.run(theirs.id))->status == RunStatus::running);
    CHECK(value_of(reader.run(killed.id))->status == RunStatus::interrupted); // seen before anyone writes it
    RunStore store = value_of(RunStore::open(path));
    CHECK_FALSE(value_of(store.claim(example_run(0), false)));
    CHECK(value_of(store.claim(example_run(1), true)));
    CHECK(value_of(store.run(killed.id))->status == RunStatus::interrupted);
    CHECK(value_of(store.run(killed.id))->verdict == interrupted_verdict);

    REQUIRE(::write(go[1], &byte, 1) == 1);
    CHECK(child.wait() == "finished");
    CHECK(value_of(store.run(theirs.id))->status == RunStatus::done);
    for (int end : {go[0], go[1], ready[0], ready[1]}) ::close(end);
}

TEST_CASE("a copy of a store does not take the original's processes for its own", "[experiments]") {
    ScratchFolder folder;
    RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
    const Run run = example_run(0);
    REQUIRE(value_of(store.claim(run, false)));
    fs::copy(folder / "a.sqlite", folder / "b.sqlite");
    fs::copy(folder / "a.sqlite-wal", folder / "b.sqlite-wal");
    RunStore copy = value_of(RunStore::open(folder / "b.sqlite"));
    CHECK(value_of(copy.run(run.id))->status == RunStatus::interrupted);
    CHECK(value_of(store.run(run.id))->status == RunStatus::running);
}

TEST_CASE("a reader beside a writer always sees whole runs", "[experiments]") {
    constexpr int case_count = 60;
    ScratchFolder folder;
    const fs::path path = folder / "a.sqlite";
    value_of(RunStore::open(path));
    ChildProcess writer([&] { return run_cases(path, shuffled(case_count, 7)); });
    const RunStore reader = value_of(RunStore::open(path, OpenMode::read_only));
    std::size_t seen = 0;
    for (int reads = 0; seen < case_count && reads < 100'000; ++reads) {
        const auto runs = value_of(reader.runs());
        REQUIRE(runs.size() >= seen);
        seen = runs.size();
        for (const Run& run : runs) {
            // Read a moment later, a run may have finished meanwhile, but never half.
            REQUIRE((run.status == RunStatus::done || run.status == RunStatus::running));
            const std::size_t samples = value_of(reader.samples(run.id)).size();
            REQUIRE((run.status == RunStatus::done ? samples == 20 : samples == 0 || samples == 20));
        }
        if (std::all_of(runs.begin(), runs.end(), [](const Run& run) { return run.status == RunStatus::done; }) &&
            seen == case_count)
            break;
    }
    CHECK(seen == case_count);
    CHECK(writer.wait() == "");
}

TEST_CASE("many processes create one store at the same moment", "[experiments][slow]") {
    for (int round = 0; round < 10; ++round) {
        ScratchFolder folder;
        const fs::path path = folder / "a.sqlite";
        std::vector<ChildProcess> children;
        for (int process = 0; process < 8; ++process)
            children.emplace_back([&path, process] { return run_cases(path, {process}); });
        for (ChildProcess& child : children) CHECK(child.wait() == "");
        CHECK(value_of(value_of(RunStore::open(path)).runs()).size() == 8);
    }
}

TEST_CASE("processes killed at any moment lose no finished run and leave no case twice", "[experiments][slow]") {
    constexpr int case_count = 25;
    ScratchFolder folder;
    const fs::path path = folder / "a.sqlite";
    std::mt19937 random(2026);
    for (int kill = 0; kill < 12; ++kill) {
        const auto limit = std::chrono::microseconds(random() % 40'000);
        ChildProcess child([&]() -> std::string {
            std::thread killer([limit] {
                std::this_thread::sleep_for(limit);
                ::raise(SIGKILL);
            });
            killer.detach();
            return run_cases(path, shuffled(case_count, 1));
        });
        child.wait();
    }
    REQUIRE(run_cases(path, shuffled(case_count, 1)) == "");
    RunStore store = value_of(RunStore::open(path));
    const auto done = runs_per_case(store, RunStatus::done);
    CHECK(done.size() == case_count);
    for (const auto& [name, count] : done) CHECK(count == 1);
    for (const Run& run : value_of(store.runs())) {
        CHECK((run.status == RunStatus::done || run.status == RunStatus::interrupted));
        CHECK(value_of(store.samples(run.id)).size() == (run.status == RunStatus::done ? 20u : 0u));
    }
    CHECK_FALSE(has_lock_files(folder.path));
}
