// What a store promises inside one process: runs come back as they went in, finished runs do not change, cases are
// claimed once.
#include "experiments/run_columns.h"
#include "tests/contains.h"
#include "tests/experiments/example_run.h"
#include "tests/scratch_folder.h"
#include <cmath>
#include <limits>
#include <sqlite3.h>
#include <thread>

using namespace dilascope;

namespace {

std::string sql_error(const std::filesystem::path& path, const char* sql) {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
    const int code = sqlite3_exec(connection, sql, nullptr, nullptr, nullptr);
    const std::string text = code == SQLITE_OK ? "" : sqlite3_errmsg(connection);
    sqlite3_close(connection);
    return text;
}

} // namespace

TEST_CASE("a run comes back as it was stored, every column", "[experiments]") {
    ScratchFolder folder;
    Run run = example_run(3);
    // Every field gets a value that is neither its default nor that of its neighbour.
    int number = 1;
    Run::visit(run, [&](const Field& field, auto& value) {
        using Value = std::remove_cvref_t<decltype(value)>;
        ++number;
        if constexpr (std::is_same_v<Value, bool>)
            value = !value;
        else if constexpr (std::is_arithmetic_v<Value>)
            value = Value(number * 1.25e9);
        else if constexpr (std::is_same_v<Value, std::string>)
            if (std::string(field.name) != "id") value = "it's \"" + std::to_string(number) + "\"; ∞\n,";
    });
    run.status = RunStatus::failed;
    const std::vector<double> samples = {3.5, 1e-300, std::numeric_limits<double>::infinity(), 0.1 + 0.2};
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        store_run(store, run, samples);
    }
    RunStore store = value_of(RunStore::open(folder / "a.sqlite", OpenMode::read_only));
    const std::vector<Run> runs = value_of(store.runs());
    REQUIRE(runs.size() == 1);
    const auto expected = run_cells(run), found = run_cells(runs[0]);
    for (std::size_t column = 0; column < expected.size(); ++column) {
        INFO(run_columns()[column].name);
        CHECK(expected[column] == found[column]);
    }
    CHECK(value_of(store.samples(run.id)) == samples);
}

TEST_CASE("NaN results are stored and read as NaN", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    Run run = example_run(0);
    run.error_max_abs = std::nan("");
    store_run(store, run, {1.0, std::nan("")});
    CHECK(std::isnan(value_of(store.run(run.id))->error_max_abs));
    CHECK(std::isnan(value_of(store.samples(run.id)).at(1)));
}

TEST_CASE("a claimed run is listed as running, then as it finished", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    const Run run = example_run(0);
    CHECK(value_of(store.claim(run, false)));
    CHECK(value_of(store.runs()).at(0).status == RunStatus::running);
    value_of(store.finish(run, std::vector<double>{1, 2}));
    CHECK(value_of(store.runs()).at(0).status == RunStatus::done);
}

TEST_CASE("a case is claimed once, and again when it is done unless resuming", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    const Run first = example_run(0);
    REQUIRE(value_of(store.claim(first, true)));
    CHECK_FALSE(value_of(store.claim(example_run(0), true)));
    CHECK_FALSE(value_of(store.claim(example_run(0), false)));
    CHECK(value_of(store.claim(example_run(0, "another experiment"), true)));
    CHECK(value_of(store.claim(example_run(1), true)));
    value_of(store.finish(first, {}));
    CHECK_FALSE(value_of(store.claim(example_run(0), true)));
    CHECK(value_of(store.claim(example_run(0), false)));
}

TEST_CASE("a case that failed is taken again when resuming", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    for (RunStatus status : {RunStatus::failed, RunStatus::cancelled}) {
        Run run = example_run(int(status));
        run.status = status;
        store_run(store, run);
        CHECK(value_of(store.claim(example_run(int(status)), true)));
    }
}

TEST_CASE("only a claimed run can finish, and only in a final state", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    Run run = example_run(0);
    CHECK_THAT(store.finish(run, {}).error().what, contains("claim it first"));
    REQUIRE(value_of(store.claim(run, false)));
    run.status = RunStatus::running;
    CHECK_THAT(store.finish(run, {}).error().what, contains("expected a final state"));
    run.status = RunStatus::done;
    value_of(store.finish(run, {}));
    CHECK_THAT(store.finish(run, {}).error().what, contains("claim it first"));
}

TEST_CASE("a finished run changes only in its notes and tags", "[experiments]") {
    ScratchFolder folder;
    const auto path = folder / "a.sqlite";
    const Run run = example_run(0);
    {
        RunStore store = value_of(RunStore::open(path));
        store_run(store, run);
        value_of(store.annotate(run.id, "the good one", "paper,main"));
        CHECK_THAT(store.annotate("01NONE", "", "").error().what, contains("there is no run 01NONE"));
    }
    const auto refused = contains("finished run cannot change");
    CHECK_THAT(sql_error(path, "UPDATE run SET time_ms_median = 0"), refused);
    CHECK_THAT(sql_error(path, "UPDATE run SET verdict = 'ok'"), refused);
    CHECK_THAT(sql_error(path, "UPDATE run SET notes = '', status = 'running'"), refused);
    CHECK_THAT(sql_error(path, "DELETE FROM sample"), refused);
    CHECK_THAT(sql_error(path, "UPDATE sample SET time_ms = 0"), refused);
    CHECK_THAT(sql_error(path, "INSERT INTO sample SELECT id, 99, 0.5 FROM run"), refused);
    RunStore store = value_of(RunStore::open(path));
    const Run found = *value_of(store.run(run.id));
    CHECK(found.notes == "the good one");
    CHECK(found.tags == "paper,main");
    CHECK(found.time_ms_median == run.time_ms_median);
}

TEST_CASE("notes written while a run is under way outlive its end", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    Run run = example_run(0);
    REQUIRE(value_of(store.claim(run, false)));
    value_of(store.annotate(run.id, "look at this", ""));
    run.tags = "noisy";
    value_of(store.finish(run, {}));
    CHECK(value_of(store.run(run.id))->notes == "look at this");
    CHECK(value_of(store.run(run.id))->tags == "noisy");
}

TEST_CASE("a run is found by a unique prefix of its id", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    Run left = example_run(0), right = example_run(1);
    left.id = "01ABC";
    right.id = "01ABD";
    store_run(store, left);
    store_run(store, right);
    CHECK(value_of(store.run("01abd"))->case_hash == right.case_hash);
    CHECK_THAT(store.run("01AB").error().what, contains("2 runs begin with \"01AB\""));
    CHECK_FALSE(value_of(store.run("02")).has_value());
    CHECK_FALSE(value_of(store.run("")).has_value());
    CHECK_FALSE(value_of(store.run("%")).has_value());
}

TEST_CASE("a run that is given up with its store becomes interrupted", "[experiments]") {
    ScratchFolder folder;
    const Run run = example_run(0);
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        REQUIRE(value_of(store.claim(run, false)));
    }
    RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
    CHECK(value_of(store.run(run.id))->status == RunStatus::interrupted);
    CHECK(value_of(store.run(run.id))->verdict == interrupted_verdict);
    CHECK(value_of(store.claim(example_run(0), true)));
}

TEST_CASE("changes since a revision are the new, the changed and the running", "[experiments]") {
    RunStore store = value_of(RunStore::open(":memory:"));
    const Run first = example_run(0), second = example_run(1), third = example_run(2);
    store_run(store, first);
    store_run(store, second);
    const auto start = value_of(store.changes_since(0));
    CHECK(start.runs.size() == 2);
    CHECK(start.runs[0].id == second.id);
    CHECK(value_of(store.changes_since(start.revision)).runs.empty());
    value_of(store.annotate(first.id, "note", ""));
    REQUIRE(value_of(store.claim(third, false)));
    const auto next = value_of(store.changes_since(start.revision));
    REQUIRE(next.runs.size() == 2);
    CHECK(next.runs[0].id == third.id);
    CHECK(next.runs[1].notes == "note");
    CHECK(next.total == 3);
    CHECK(value_of(store.changes_since(next.revision)).runs.size() == 1); // the one under way
}

TEST_CASE("settings are kept", "[experiments]") {
    ScratchFolder folder;
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        CHECK(value_of(store.setting("layout")).empty());
        value_of(store.set_setting("layout", "old"));
        value_of(store.set_setting("layout", "{\"split\": 0.5}"));
    }
    RunStore store = value_of(RunStore::open(folder / "a.sqlite", OpenMode::read_only));
    CHECK(value_of(store.setting("layout")) == "{\"split\": 0.5}");
    CHECK_THAT(store.set_setting("layout", "x").error().what, contains("opened to read"));
}

TEST_CASE("the data version tells of another connection's writes", "[experiments]") {
    ScratchFolder folder;
    RunStore writer = value_of(RunStore::open(folder / "a.sqlite"));
    RunStore reader = value_of(RunStore::open(folder / "a.sqlite", OpenMode::read_only));
    const auto before = reader.data_version();
    CHECK(reader.data_version() == before);
    store_run(writer, example_run(0));
    CHECK(reader.data_version() != before);
}
