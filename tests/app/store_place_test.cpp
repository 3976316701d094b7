// Where a batch cannot store its runs it says so in a sentence, exits with 2, and keeps what was stored.
#include "experiments/store.h"
#include "tests/app/binary_run.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <cstdlib>

using namespace dilascope;

namespace {

// Twenty small cases.
std::filesystem::path write_small_cases(const ScratchFolder& folder) {
    const auto path = folder / "twenty.toml";
    std::ofstream(path) << R"(schema = 1
name = "twenty"
generator = "gaussian"
[axes]
seq_len = { range = [8, 27, 1] }
heads = [1]
head_dim = [8]
[measure]
warmup = 0
min_samples = 20
max_samples = 20
min_time_s = 0
max_noise_pct = 1000
verify_rows = 1
)";
    return path;
}

} // namespace

TEST_CASE("batch: a full disk ends it with a sentence, and --resume goes on when there is space", "[app][slow]") {
    ScratchFolder folder;
    const auto spec = write_small_cases(folder), db = folder / "runs.sqlite", err = folder / "err";
    // A limit on the size of files stands for the disk; 800 blocks of 512 bytes hold the store and a few runs.
    const std::string command = std::string("trap '' XFSZ; ulimit -f 800; exec '") + DILASCOPE_BINARY + "' batch '" +
                                spec.string() + "' --db '" + db.string() + "' > /dev/null 2> '" + err.string() + "'";
    CHECK(WEXITSTATUS(std::system(command.c_str())) == 2);
    std::ifstream file(err);
    const std::string said(std::istreambuf_iterator<char>(file), {});
    CHECK_THAT(said, contains("dilascope: run store") && contains("check the disk and its free space"));

    std::size_t done = 0;
    {
        const auto store = RunStore::open(db, OpenMode::read_only);
        REQUIRE(store.has_value());
        const auto runs = store->runs();
        REQUIRE(runs.has_value());
        for (const Run& run : *runs) done += run.status == RunStatus::done;
    }
    CHECK(done >= 1);
    CHECK(done < 20);
    const BinaryRun resumed = run_binary({"batch", spec.string(), "--db", db.string(), "--resume"});
    CHECK(resumed.exit_code == 0);
    CHECK_THAT(resumed.err,
               contains(std::to_string(20 - done) + " runs, 0 failed, " + std::to_string(done) + " skipped"));
}

TEST_CASE("batch: a place that cannot hold a store is told before anything runs", "[app]") {
    ScratchFolder folder;
    const auto spec = write_small_cases(folder);
    const auto mistake = [&](const std::filesystem::path& db, const std::string& says) {
        const BinaryRun run = run_binary({"batch", spec.string(), "--db", db.string()});
        CHECK(run.exit_code == 2);
        CHECK_THAT(run.err, contains("dilascope: run store") && contains(says));
    };
    mistake(folder / "missing/runs.sqlite", "does not exist; create it first");
    mistake(folder.path, "this is a folder");
    mistake("/proc/self/runs.sqlite", "--db");
    std::ofstream(folder / "notes.txt") << std::string(1000, 'x');
    mistake(folder / "notes.txt", "not an SQLite database");
}
