// The feed follows a file that appears, grows, is replaced, breaks; the caller never waits.
#include "experiments/run_feed.h"
#include "experiments/store_schema.h"
#include "tests/contains.h"
#include "tests/eventually.h"
#include "tests/experiments/child_process.h"
#include "tests/experiments/example_run.h"
#include "tests/scratch_folder.h"
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <functional>
#include <sqlite3.h>
#include <thread>

using namespace dilascope;
using Clock = std::chrono::steady_clock;

namespace {

std::size_t count_of(const RunFeed& feed) {
    const auto runs = feed.latest().runs;
    return runs ? runs->size() : 0;
}

std::int64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::int64_t total = 0, resident = 0;
    file >> total >> resident;
    return resident * ::sysconf(_SC_PAGESIZE);
}

double thread_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

// Copies the store's only run under other ids until there are `count`.
void multiply_the_one_run(const std::filesystem::path& path, int count) {
    Database database = value_of(Database::open(path.string(), SQLITE_OPEN_READWRITE, std::chrono::seconds(5)));
    std::string names, values;
    for (const std::string& name : value_of(present_columns(database))) {
        names += (names.empty() ? "\"" : ", \"") + name + "\"";
        const std::string value = name == "id"         ? "printf('01A%023d', i)"
                                  : name == "revision" ? "revision + i"
                                                       : "\"" + name + "\"";
        values += (values.empty() ? "" : ", ") + value;
    }
    value_of(database.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
                              std::to_string(count - 1) + ") INSERT INTO run (" + names + ") SELECT " + values +
                              " FROM run, n"));
}

} // namespace

TEST_CASE("the feed sees a store appear, grow and change", "[experiments]") {
    ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    RunFeed feed;
    CHECK(feed.latest().runs == nullptr);
    feed.watch(path);
    REQUIRE(eventually([&] { return feed.latest().status.find("no runs yet") != std::string::npos; }));
    CHECK(feed.latest().runs == nullptr);

    RunStore store = value_of(RunStore::open(path));
    const Run first = example_run(0), second = example_run(1);
    store_run(store, first);
    REQUIRE(eventually([&] { return count_of(feed) == 1; }));
    CHECK_THAT(feed.latest().status, contains("a.sqlite: 1 run"));
    const auto kept = feed.latest();

    REQUIRE(value_of(store.claim(second, false)));
    REQUIRE(eventually([&] { return count_of(feed) == 2; }));
    CHECK(feed.latest().runs->at(0).id == second.id);
    CHECK(feed.latest().runs->at(0).status == RunStatus::running);
    CHECK_THAT(feed.latest().status, contains("2 runs, 1 under way"));
    value_of(store.finish(second, {}));
    REQUIRE(eventually([&] { return feed.latest().runs->at(0).status == RunStatus::done; }));
    value_of(store.annotate(first.id, "look", ""));
    REQUIRE(eventually([&] { return feed.latest().runs->at(1).notes == "look"; }));
    CHECK(kept.runs->size() == 1); // a snapshot in use does not change
    CHECK(feed.latest().generation > kept.generation);
}

TEST_CASE("without news the snapshot stays the same", "[experiments]") {
    ScratchFolder folder;
    RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
    REQUIRE(value_of(store.claim(example_run(0), false)));
    RunFeed feed;
    feed.watch(folder / "a.sqlite");
    REQUIRE(eventually([&] { return count_of(feed) == 1; }));
    const auto before = feed.latest();
    value_of(store.set_setting("layout", "x")); // another write, no run
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK(feed.latest().generation == before.generation);
    CHECK(feed.latest().runs == before.runs);
}

TEST_CASE("the feed takes a run whose process was killed for interrupted", "[experiments][slow]") {
    ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    value_of(RunStore::open(path));
    int go[2];
    REQUIRE(::pipe(go) == 0);
    ChildProcess child([&]() -> std::string {
        auto store = RunStore::open(path);
        char byte;
        if (!store || !store->claim(example_run(0), false) || ::read(go[0], &byte, 1) != 1) return "failed";
        ::raise(SIGKILL);
        return "";
    });
    RunFeed feed;
    feed.watch(path);
    REQUIRE(eventually([&] { return count_of(feed) == 1; }));
    CHECK(feed.latest().runs->at(0).status == RunStatus::running);
    REQUIRE(::write(go[1], "x", 1) == 1);
    CHECK(child.wait() == "");
    CHECK(eventually([&] { return feed.latest().runs->at(0).status == RunStatus::interrupted; }));
}

TEST_CASE("a store that is replaced, deleted or broken is noticed", "[experiments]") {
    ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    {
        RunStore store = value_of(RunStore::open(path));
        store_run(store, example_run(0));
        RunStore other = value_of(RunStore::open(folder / "b.sqlite"));
        store_run(other, example_run(1));
        store_run(other, example_run(2));
    }
    RunFeed feed;
    feed.watch(path);
    REQUIRE(eventually([&] { return count_of(feed) == 1; }));
    std::filesystem::rename(folder / "b.sqlite", path);
    CHECK(eventually([&] { return count_of(feed) == 2; }));
    std::filesystem::remove(path);
    CHECK(eventually([&] { return feed.latest().status.find("no runs yet") != std::string::npos; }));
    std::ofstream(path) << std::string(4096, 'x');
    CHECK(eventually([&] { return feed.latest().status.find("not an SQLite database") != std::string::npos; }));
    feed.watch("");
    CHECK(eventually([&] { return feed.latest().status.empty() && !feed.latest().runs; }));
}

TEST_CASE("runs deleted by hand leave the feed", "[experiments]") {
    ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    RunStore store = value_of(RunStore::open(path));
    Run run = example_run(0);
    store_run(store, run, {});
    store_run(store, example_run(1));
    RunFeed feed;
    feed.watch(path);
    REQUIRE(eventually([&] { return count_of(feed) == 2; }));
    Database database = value_of(Database::open(path.string(), SQLITE_OPEN_READWRITE, std::chrono::seconds(5)));
    value_of(database.execute("DELETE FROM run WHERE id = '" + run.id + "'"));
    CHECK(eventually([&] { return count_of(feed) == 1; }));
}

TEST_CASE("a hundred thousand runs load in the background and the caller never works for it", "[experiments][slow]") {
    constexpr int run_count = 100'000;
    ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    RunStore store = value_of(RunStore::open(path));
    store_run(store, example_run(0));
    multiply_the_one_run(path, run_count);

    const std::int64_t bytes_before = resident_bytes();
    double caller_s = 0; // processor time of the longest call
    const auto wait_for = [&](RunFeed& feed, RunSnapshot& snapshot, std::size_t wanted) {
        const auto start = Clock::now();
        while (seconds_since(start) < 60) {
            const double before = thread_seconds();
            snapshot = feed.latest(); // lets go of the one before
            caller_s = std::max(caller_s, thread_seconds() - before);
            if (snapshot.runs && snapshot.runs->size() == wanted) break;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        return seconds_since(start);
    };
    RunFeed feed;
    RunSnapshot snapshot;
    feed.watch(path);
    const double first_s = wait_for(feed, snapshot, run_count);
    const double bytes_per_run = double(resident_bytes() - bytes_before) / run_count;
    const Run next = example_run(5);
    store_run(store, next);
    const double update_s = wait_for(feed, snapshot, run_count + 1);
    INFO(run_count << " runs: loaded in " << first_s << " s, " << bytes_per_run << " bytes each, one more after "
                   << update_s << " s, longest call " << caller_s * 1e3 << " ms of processor time");
    if (std::getenv("DILASCOPE_PRINT_TIMES"))
        std::printf("first %.2f s, %.0f bytes each, update %.2f s, call %.3f ms\n", first_s, bytes_per_run, update_s,
                    caller_s * 1e3);
    REQUIRE(snapshot.runs->size() == run_count + 1);
    CHECK(snapshot.runs->front().id == next.id);
    CHECK(caller_s < 0.005);
    CHECK(bytes_per_run < 4096);
}
