// The run store under the real program: batches killed at any moment, two batches at once, readers beside them.
#include "experiments/store.h"
#include "tests/app/binary_run.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

using namespace dilascope;
namespace fs = std::filesystem;

namespace {

constexpr int case_count = 20;

// Twenty cases of about fifty milliseconds.
fs::path write_spec(const ScratchFolder& folder) {
    const fs::path path = folder / "twenty.toml";
    std::ofstream(path) << R"(schema = 1
name = "twenty"
generator = "gaussian"
[axes]
pattern = ["dense", "window left=16 right=0", "longnet segments=32,64 rates=1,2", "dilated segments=64 rates=2"]
seq_len = [64, 96, 128, 160, 192]
heads = [2]
head_dim = [16]
[measure]
warmup = 1
min_samples = 5
min_time_s = 0.05
max_noise_pct = 1000
verify_rows = 4
)";
    return path;
}

class Batch {
public:
    Batch(const fs::path& spec, const fs::path& db) {
        pid_ = ::fork();
        if (pid_ != 0) return;
        const int nowhere = ::open("/dev/null", O_RDWR);
        const int err = ::open((db.string() + ".err").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(nowhere, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        ::execl(DILASCOPE_BINARY, DILASCOPE_BINARY, "batch", spec.c_str(), "--db", db.c_str(), "--resume", nullptr);
        ::_exit(127);
    }
    ~Batch() { wait(); }
    void kill() { ::kill(pid_, SIGKILL); }
    bool is_running() {
        if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
        return pid_ > 0;
    }
    int wait() {
        if (pid_ > 0) ::waitpid(pid_, &status_, 0);
        pid_ = -1;
        return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
    }

private:
    pid_t pid_ = -1;
    int status_ = 0;
};

std::vector<Run> runs_in(const fs::path& db) {
    const auto store = RunStore::open(db, OpenMode::read_only);
    if (!store) FAIL(store.error().what);
    const auto runs = store->runs();
    if (!runs) FAIL(runs.error().what);
    return *runs;
}

std::size_t done_in(const fs::path& db) {
    const auto store = RunStore::open(db, OpenMode::read_only);
    const Result<std::vector<Run>> runs = store ? store->runs() : fail("");
    if (!runs) return 0; // not there yet
    return std::size_t(
        std::count_if(runs->begin(), runs->end(), [](const Run& run) { return run.status == RunStatus::done; }));
}

// Every case done exactly once, with its samples and a verdict.
void check_complete(const fs::path& db) {
    const auto store = RunStore::open(db, OpenMode::read_only);
    REQUIRE(store.has_value());
    std::map<std::string, int> done;
    for (const Run& run : runs_in(db)) {
        if (run.status != RunStatus::done) continue;
        ++done[run.case_hash];
        CHECK(run.verdict.starts_with("ok"));
        CHECK(std::int64_t(store->samples(run.id)->size()) == run.sample_count);
        CHECK(run.sample_count >= 5);
    }
    CHECK(done.size() == case_count);
    for (const auto& [hash, count] : done) CHECK(count == 1);
}

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

} // namespace

TEST_CASE("a batch killed five times at random moments and resumed has every case once", "[app][slow]") {
    ScratchFolder folder;
    const fs::path spec = write_spec(folder), db = folder / "runs.sqlite";
    const unsigned seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 random(seed);
    std::size_t last_done = 0;
    for (int kill = 0; kill < 6; ++kill) {
        Batch batch(spec, db);
        // The first one dies while it makes the store; the others up to two cases after they have made some progress.
        while (kill > 0 && done_in(db) <= last_done && batch.is_running())
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        std::this_thread::sleep_for(std::chrono::microseconds(random() % (kill == 0 ? 30'000 : 100'000)));
        REQUIRE(batch.is_running());
        batch.kill();
        CHECK(batch.wait() == 128 + SIGKILL);
        if (!fs::exists(db)) continue;
        const auto runs = runs_in(db);
        for (const Run& run : runs) CHECK((run.status == RunStatus::done || run.status == RunStatus::interrupted));
        CHECK(done_in(db) >= last_done); // nothing that was finished is ever lost
        last_done = done_in(db);
    }
    CHECK(last_done < case_count);
    Batch batch(spec, db);
    CHECK(batch.wait() == 0);
    INFO(text_of(db.string() + ".err"));
    check_complete(db);
    for (const Run& run : runs_in(db)) CHECK((run.status == RunStatus::done || run.status == RunStatus::interrupted));
    Batch again(spec, db); // has nothing left to do
    CHECK(again.wait() == 0);
    check_complete(db);
}

TEST_CASE("a batch killed with a case under way lists it as interrupted, and the next one takes it again",
          "[app][slow]") {
    ScratchFolder folder;
    const fs::path spec = write_spec(folder), db = folder / "runs.sqlite";
    Batch batch(spec, db);
    std::string under_way;
    for (int poll = 0; poll < 10'000 && under_way.empty(); ++poll) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (const auto store = RunStore::open(db, OpenMode::read_only))
            if (const auto runs = store->runs(); runs && runs->size() > 3 && runs->front().status == RunStatus::running)
                under_way = runs->front().id;
        if (under_way.empty()) continue;
        batch.kill(); // perhaps just after it finished: then another moment is tried
        batch.wait();
        const auto runs = runs_in(db);
        if (std::none_of(runs.begin(), runs.end(), [](const Run& run) { return run.status == RunStatus::interrupted; }))
            return;
    }
    REQUIRE_FALSE(under_way.empty());
    const BinaryRun list = run_binary({"runs", "list", "--db", db.string(), "--status", "interrupted", "--json"});
    REQUIRE(list.exit_code == 0);
    const auto interrupted = nlohmann::json::parse(list.out);
    REQUIRE(interrupted.size() == 1);
    Batch next(spec, db);
    CHECK(next.wait() == 0);
    check_complete(db);
    const auto runs = runs_in(db);
    CHECK(runs.size() == case_count + 1);
    const auto kept = std::find_if(runs.begin(), runs.end(),
                                   [&](const Run& run) { return run.id == interrupted[0]["id"].get<std::string>(); });
    REQUIRE(kept != runs.end());
    CHECK(kept->status == RunStatus::interrupted);
}

TEST_CASE("two batches and a reader on one store: nothing lost, nothing locked", "[app][slow]") {
    ScratchFolder folder;
    const fs::path spec = write_spec(folder), db = folder / "runs.sqlite";
    Batch left(spec, db), right(spec, db);
    std::size_t seen = 0, reads = 0;
    while (left.is_running() || right.is_running()) {
        const BinaryRun list = run_binary({"runs", "list", "--db", db.string(), "--json"});
        if (list.exit_code != 0 && seen == 0) continue; // not there yet
        INFO(list.err);
        REQUIRE(list.exit_code == 0);
        const std::size_t now = nlohmann::json::parse(list.out).size();
        CHECK(now >= seen);
        seen = now;
        ++reads;
    }
    CHECK(left.wait() == 0);
    CHECK(right.wait() == 0);
    CHECK(reads > 3);
    check_complete(db);
    CHECK(runs_in(db).size() == case_count); // the cases were shared out, none run twice
    CHECK_THAT(text_of(db.string() + ".err"), !contains("locked"));
}
