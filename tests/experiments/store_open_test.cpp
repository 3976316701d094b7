// Opening a store: older files, other programs' files, and places that cannot be written.
#include "experiments/run_columns.h"
#include "experiments/sqlite.h"
#include "experiments/store_file.h"
#include "tests/contains.h"
#include "tests/experiments/child_process.h"
#include "tests/experiments/example_run.h"
#include "tests/scratch_folder.h"
#include <algorithm>
#include <fstream>
#include <signal.h>
#include <sqlite3.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace dilascope;
namespace fs = std::filesystem;

namespace {

void execute(const fs::path& path, const std::string& sql) {
    Database database =
        value_of(Database::open(path.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, std::chrono::seconds(1)));
    value_of(database.execute(sql));
}

std::string file_text(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

std::string open_error(const fs::path& path, OpenMode mode = OpenMode::read_write) {
    const auto store = RunStore::open(path, mode);
    return store ? "" : store.error().what;
}

std::vector<fs::path> backups_in(const fs::path& folder) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().string().find(".before-") != std::string::npos) found.push_back(entry.path());
    return found;
}

fs::path old_store(const ScratchFolder& folder) {
    const fs::path path = folder / "old.sqlite";
    execute(path,
            file_text(fs::path(DILASCOPE_SOURCE_DIR) / "tests/experiments/fixtures/store_with_fewer_columns.sql"));
    return path;
}

} // namespace

TEST_CASE("a store with fewer columns is copied, completed, and keeps what it holds", "[experiments]") {
    ScratchFolder folder;
    const fs::path path = old_store(folder);
    {
        RunStore store = value_of(RunStore::open(path));
        const std::vector<Run> runs = value_of(store.runs());
        REQUIRE(runs.size() == 2);
        CHECK(runs[0].verdict == "wrong: row 3");
        CHECK(runs[1].config.pattern == "window left=4 right=0");
        CHECK(runs[1].notes == "kept");
        CHECK(runs[1].config.dtype == Run{}.config.dtype); // what a fresh run has
        CHECK(value_of(store.samples(runs[1].id)) == std::vector<double>{2.25, 2.5});
        store_run(store, example_run(0));
        CHECK(value_of(store.runs()).at(0).environment.threads == 2);
    }
    CHECK(open_error(path).empty());
    const auto copies = backups_in(folder.path);
    REQUIRE(copies.size() == 1); // and none for the second opening
    Database copy = value_of(Database::open(copies[0].string(), SQLITE_OPEN_READONLY, std::chrono::seconds(1)));
    CHECK(value_of(copy.integer("SELECT count(*) FROM run")) == 2);
    CHECK(value_of(copy.integer("SELECT count(*) FROM pragma_table_info('run')")) == 10);
}

TEST_CASE("finished runs of a completed store are as unchangeable as new ones", "[experiments]") {
    ScratchFolder folder;
    const fs::path path = old_store(folder);
    value_of(RunStore::open(path));
    Database database = value_of(Database::open(path.string(), SQLITE_OPEN_READWRITE, std::chrono::seconds(1)));
    CHECK_FALSE(database.execute("UPDATE run SET density = 1").has_value());
    CHECK(database.execute("UPDATE run SET notes = 'x'").has_value());
}

TEST_CASE("a store with fewer columns can be read without being changed", "[experiments]") {
    ScratchFolder folder;
    const fs::path path = old_store(folder);
    const std::string before = file_text(path);
    RunStore store = value_of(RunStore::open(path, OpenMode::read_only));
    const std::vector<Run> runs = value_of(store.runs());
    REQUIRE(runs.size() == 2);
    CHECK(runs[1].time_ms_median == 2.5);
    CHECK(runs[1].config.dtype == Run{}.config.dtype);
    CHECK((file_text(path) == before));
    CHECK(backups_in(folder.path).empty());
}

TEST_CASE("every field of Run is a typed column of the file", "[experiments]") {
    ScratchFolder folder;
    value_of(RunStore::open(folder / "a.sqlite"));
    Database database =
        value_of(Database::open((folder / "a.sqlite").string(), SQLITE_OPEN_READONLY, std::chrono::seconds(1)));
    for (const RunColumn& column : run_columns()) {
        Statement statement = value_of(database.prepare("SELECT type FROM pragma_table_info('run') WHERE name = ?"));
        statement.bind(1, column.name);
        INFO(column.name);
        REQUIRE(value_of(statement.step()));
        CHECK((statement.text(0) == "TEXT") ==
              (!column.is_number && column.name != "causal" && column.name != "git_dirty"));
    }
    CHECK(value_of(database.integer(
              "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'")) == 0);
    CHECK(value_of(database.text("PRAGMA journal_mode")) == "wal");
}

TEST_CASE("files that are no run stores are refused and left alone", "[experiments]") {
    ScratchFolder folder;
    execute(folder / "foreign.sqlite", "CREATE TABLE song (name TEXT); INSERT INTO song VALUES ('x')");
    execute(folder / "marked.sqlite", "PRAGMA application_id=77; CREATE TABLE run (id TEXT)");
    std::ofstream(folder / "text.sqlite") << std::string(5000, 'x');
    for (const char* name : {"foreign.sqlite", "marked.sqlite", "text.sqlite"}) {
        const std::string before = file_text(folder / name);
        for (OpenMode mode : {OpenMode::read_write, OpenMode::read_only}) {
            const std::string error = open_error(folder / name, mode);
            INFO(error);
            CHECK_THAT(error, contains(name) && contains("--db"));
            CHECK_THAT(error, contains("another program") || contains("not an SQLite database"));
        }
        CHECK((file_text(folder / name) == before)); // bytes, not for printing
    }
}

TEST_CASE("a store of a newer version is refused, in words", "[experiments]") {
    ScratchFolder folder;
    value_of(RunStore::open(folder / "a.sqlite"));
    execute(folder / "a.sqlite", "PRAGMA user_version=9");
    for (OpenMode mode : {OpenMode::read_write, OpenMode::read_only})
        CHECK_THAT(open_error(folder / "a.sqlite", mode), contains("written by a newer Dilascope (store version 9"));
}

TEST_CASE("a damaged store is an error, not a crash", "[experiments]") {
    ScratchFolder folder;
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        for (int index = 0; index < 12; ++index) store_run(store, example_run(index));
    }
    std::string bytes = file_text(folder / "a.sqlite");
    for (std::size_t at = 4096; at < bytes.size(); ++at) bytes[at] = char(at * 31);
    std::ofstream(folder / "a.sqlite", std::ios::binary) << bytes;
    // The schema is longer than the page that is left, so opening may see it already.
    const auto store = RunStore::open(folder / "a.sqlite", OpenMode::read_only);
    const auto runs = store ? store->runs() : tl::unexpected(store.error());
    REQUIRE_FALSE(runs.has_value());
    CHECK_THAT(runs.error().what, contains("the file is damaged"));
}

TEST_CASE("places where there can be no store", "[experiments]") {
    ScratchFolder folder;
    CHECK_THAT(open_error(folder / "missing/a.sqlite"), contains("missing\" does not exist; create it"));
    CHECK_THAT(open_error(folder.path), contains("this is a folder"));
    CHECK_THAT(open_error(folder / "a.sqlite", OpenMode::read_only), contains("it does not exist"));
    CHECK_FALSE(fs::exists(folder / "a.sqlite"));
    CHECK_THAT(open_error(""), contains("no run store is named"));
    CHECK_THAT(open_error("/proc/self/runs.sqlite"), contains("cannot be made") || contains("cannot be opened"));
}

TEST_CASE("an empty file becomes a store, and reads as one without runs", "[experiments]") {
    ScratchFolder folder;
    std::ofstream(folder / "a.sqlite").flush();
    RunStore reader = value_of(RunStore::open(folder / "a.sqlite", OpenMode::read_only));
    CHECK(value_of(reader.runs()).empty());
    CHECK(value_of(reader.setting("layout")).empty());
    RunStore writer = value_of(RunStore::open(folder / "a.sqlite"));
    store_run(writer, example_run(0));
    CHECK(value_of(reader.runs()).size() == 1); // the reader sees the tables appear
    CHECK(backups_in(folder.path).empty());
}

TEST_CASE("what an ordinary user may not write is refused for writing and still read", "[experiments]") {
    ScratchFolder folder;
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        store_run(store, example_run(0));
    }
    ::chmod((folder / "a.sqlite").c_str(), 0444);
    ::chmod(folder.path.c_str(), 0555);
    ChildProcess child([&] {
        become_ordinary_user();
        const auto reader = RunStore::open(folder / "a.sqlite", OpenMode::read_only);
        const std::string read =
            reader ? std::to_string(reader->runs().value_or(std::vector<Run>{}).size()) : reader.error().what;
        return open_error(folder / "a.sqlite") + "|" + open_error(folder / "new.sqlite") + "|" + read;
    });
    const std::string answer = child.wait();
    ::chmod(folder.path.c_str(), 0755);
    INFO(answer);
    CHECK_THAT(answer, contains("a.sqlite\": it is read-only; make the file and its folder writable"));
    CHECK_THAT(answer, contains("new.sqlite\": it cannot be made (Permission denied); choose a folder"));
    CHECK(answer.substr(answer.rfind('|') + 1) == "1");
}

TEST_CASE("reading leaves nothing beside the store, and cannot write", "[experiments]") {
    ScratchFolder folder;
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        store_run(store, example_run(0));
    }
    {
        RunStore reader = value_of(RunStore::open(folder / "a.sqlite", OpenMode::read_only));
        const Run run = value_of(reader.runs()).at(0);
        CHECK_THAT(reader.claim(example_run(1), false).error().what, contains("opened to read"));
        CHECK_THAT(reader.annotate(run.id, "x", "").error().what, contains("opened to read"));
    }
    const auto files = std::distance(fs::directory_iterator(folder.path), fs::directory_iterator());
    CHECK(files == 1);
}

TEST_CASE("a full disk is named, and what was stored before stays", "[experiments]") {
    // SQLite's own limit stands for a disk without space.
    Database database = value_of(Database::open(":memory:", SQLITE_OPEN_READWRITE, std::chrono::seconds(1)));
    value_of(database.execute("CREATE TABLE t (x); PRAGMA max_page_count=2"));
    const auto full = database.execute("INSERT INTO t VALUES (zeroblob(100000))");
    REQUIRE_FALSE(full.has_value());
    CHECK_THAT(full.error().what, contains("the disk is full; free space"));
}

TEST_CASE("a run that finds no space can be finished once there is some", "[experiments]") {
    ScratchFolder folder;
    ChildProcess child([&]() -> std::string {
        auto store = RunStore::open(folder / "a.sqlite");
        const Run run = example_run(0);
        if (!store || !store->claim(run, false)) return "cannot begin";
        ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{};
        ::getrlimit(RLIMIT_FSIZE, &limit);
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = fs::file_size(folder / "a.sqlite-wal") + 100'000;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const std::vector<double> samples(20'000, 1.5);
        const auto failed = store->finish(run, samples);
        limit.rlim_cur = before;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto again = store->finish(run, samples);
        return (failed ? "no error" : failed.error().what) + (again ? "|finished" : again.error().what);
    });
    const std::string answer = child.wait();
    INFO(answer);
    CHECK_THAT(answer, contains("check the disk and its free space") && contains("|finished"));
    RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
    REQUIRE(value_of(store.runs()).size() == 1);
    CHECK(value_of(store.samples(value_of(store.runs())[0].id)).size() == 20'000);
}

TEST_CASE("a store that stays locked is an error after the patience, and works afterwards", "[experiments]") {
    ScratchFolder folder;
    RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
    store.set_patience(std::chrono::milliseconds(20));
    const Run run = example_run(0);
    {
        Database other =
            value_of(Database::open((folder / "a.sqlite").string(), SQLITE_OPEN_READWRITE, std::chrono::seconds(1)));
        value_of(other.execute("BEGIN EXCLUSIVE"));
        const auto claimed = store.claim(run, false);
        REQUIRE_FALSE(claimed.has_value());
        CHECK_THAT(claimed.error().what, contains("kept it locked for too long"));
        CHECK(value_of(store.runs()).empty()); // readers go on
    }
    CHECK(value_of(store.claim(run, false)));
}

TEST_CASE("without shared memory the store does without a write-ahead log, and says so", "[experiments]") {
    ScratchFolder folder;
    sqlite3_vfs* usual = sqlite3_vfs_find(nullptr);
    sqlite3_vfs* without_shared_memory = sqlite3_vfs_find("unix-dotfile");
    REQUIRE(without_shared_memory);
    sqlite3_vfs_register(without_shared_memory, 1);
    {
        RunStore store = value_of(RunStore::open(folder / "a.sqlite"));
        CHECK_THAT(store.note(), contains("no write-ahead log"));
        store_run(store, example_run(0));
        CHECK(value_of(store.runs()).size() == 1);
    }
    sqlite3_vfs_register(usual, 1);
    CHECK(value_of(RunStore::open(folder / "a.sqlite")).note().empty());
    CHECK(network_file_system(folder / "a.sqlite").empty());
}
