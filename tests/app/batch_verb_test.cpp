// `dilascope batch`, the real binary: what it stores and prints, its exit codes, and what it refuses.
#include "app/verbs.h"
#include "engine/backends/backend.h"
#include "tests/app/binary_run.h"
#include "tests/app/stored_runs.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include <nlohmann/json.hpp>
#include <sys/resource.h>

using namespace dilascope;

namespace {

constexpr const char* quick =
    "\n[measure]\nwarmup = 1\nmin_samples = 9\nmax_samples = 9\nmin_time_s = 0\nmax_noise_pct = 1000\n";

struct BatchFolder {
    ScratchFolder folder;
    std::string db = (folder / "runs.sqlite").string();

    std::string spec(const std::string& toml, const std::string& measure = quick) const {
        const auto path = folder / "spec.toml";
        std::ofstream(path) << toml << measure;
        return path.string();
    }
    BinaryRun batch(const std::string& toml, std::vector<std::string> more = {}) const {
        std::vector<std::string> arguments = {"batch", spec(toml), "--db", db};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_binary(arguments);
    }
    std::vector<Run> runs() const { return stored_runs(db); }
};

constexpr const char* three_cases = "name = \"three\"\nhead_dim = 16\nheads = 2\n[axes]\nseq_len = [32, 64, 128]\n";

} // namespace

TEST_CASE("batch stores a verified run for each case", "[app]") {
    const BatchFolder folder;
    const BinaryRun run = folder.batch(three_cases, {"--json", "-"});
    INFO(run.err);
    REQUIRE(run.exit_code == exit_ok);
    CHECK_THAT(run.err,
               contains("[1/3] dense · N=32 · 2×16: ") && contains("[3/3]") && contains("three: 3 runs, 0 failed"));
    const auto json = nlohmann::json::parse(run.out);
    CHECK(json["finished"] == 3);
    REQUIRE(json["runs"].size() == 3);
    CHECK(json["runs"][2]["seq_len"] == 128);
    CHECK(json["runs"][2]["verdict"] == "ok");
    CHECK(json["runs"][2]["status"] == "done");
    CHECK(json["runs"][2]["active_pairs"] == 2 * 128 * 128);
    const std::vector<Run> runs = folder.runs();
    REQUIRE(runs.size() == 3);
    for (const Run& stored : runs) {
        CHECK(stored.status == RunStatus::done);
        CHECK(stored.sample_count == 9);
        CHECK(stored.verified_rows == 64);
    }
    // Resumed: nothing left to do. Again without: three more.
    CHECK_THAT(folder.batch(three_cases, {"--resume"}).err, contains("three: 0 runs, 0 failed, 3 skipped"));
    CHECK(folder.runs().size() == 3);
    CHECK(folder.batch(three_cases).exit_code == exit_ok);
    CHECK(folder.runs().size() == 6);
}

TEST_CASE("a dry run lists cases, excludes, bytes and time, and writes nothing", "[app]") {
    const BatchFolder folder;
    const std::string toml = std::string(three_cases) + "[[exclude]]\nwhen = \"seq_len > 64\"\nreason = \"too long\"\n";
    const BinaryRun run = folder.batch(toml, {"--dry-run"});
    CHECK(run.exit_code == exit_ok);
    CHECK_THAT(run.out, contains("three: 2 cases, 1 excluded") && contains("N=128 · 2×16: too long") &&
                            contains("KiB of tensors"));
    CHECK_FALSE(std::filesystem::exists(folder.db));
    const BinaryRun json_run = folder.batch(toml, {"--dry-run", "--json", "-"});
    const auto json = nlohmann::json::parse(json_run.out);
    CHECK(json["case_count"] == 2);
    CHECK(json["cases"][1]["bytes"] == 4 * (4 * 64 * 2 * 16 + 64 * 2)); // q, k, v, out and lse
    CHECK(json["excluded"][0]["reason"] == "too long");
}

TEST_CASE("failed cases are stored with their reason and set the exit code", "[app]") {
    const BatchFolder folder;
    const BinaryRun backward =
        folder.batch("head_dim = 8\nseq_len = 16\nbackend = \"cpu\"\n[axes]\ndtype = [\"f32\", \"tf32\"]\n");
    CHECK(backward.exit_code == exit_cases_failed);
    CHECK_THAT(backward.err, contains("FAILED: backend cpu cannot run this"));
    const std::vector<Run> runs = folder.runs(); // newest first
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].status == RunStatus::failed);
    CHECK_THAT(runs[0].verdict, contains("no tf32 products"));
    CHECK(runs[1].status == RunStatus::done);
    bool has_cuda = false;
    for (const Backend* backend : backends()) has_cuda |= backend->name() == "cuda" && backend->available();
    if (!has_cuda) {
        const BinaryRun missing = folder.batch("head_dim = 8\nseq_len = 16\n[axes]\nbackend = [\"cpu\", \"cuda\"]\n");
        CHECK(missing.exit_code == exit_no_device);
        CHECK_THAT(missing.err, contains("FAILED") && contains("cuda"));
    }
}

TEST_CASE("a slower case is a regression, an equal one is not", "[app]") {
    const BatchFolder folder;
    REQUIRE(folder.batch(three_cases).exit_code == exit_ok);
    CHECK_THAT(folder.batch(three_cases, {"--fail-if-slower", "100000%"}).err, contains("0 of 3 compared"));
    // What was measured becomes the past of a far faster machine.
    RunStore store = RunStore::open(folder.db).value();
    Run fast = store.runs().value().front();
    const Run slow = fast;
    fast.id[0] = '7'; // newer than all
    fast.status = RunStatus::running;
    REQUIRE(store.claim(fast, false).value());
    fast.status = RunStatus::done;
    REQUIRE(store.finish(fast, std::vector<double>{1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9, 1e-9}));
    const BinaryRun run = folder.batch(three_cases, {"--fail-if-slower", "5%"});
    INFO(run.err);
    CHECK(run.exit_code == exit_regression);
    CHECK_THAT(run.err, contains("REGRESSION") && contains("slower"));
    CHECK_THAT(folder.batch(three_cases, {"--fail-if-slower", "much"}).err, contains("expected a percentage"));
    CHECK_THAT(folder.batch(std::string(three_cases) + "[output]\nbaseline = \"nobody\"\n").err, contains("nobody"));
}

TEST_CASE("Ctrl-C ends a batch in order", "[app][slow]") {
    const BatchFolder folder;
    const std::string endless = "\n[measure]\nmin_time_s = 60\ntimeout_s = 60\nmax_samples = 1000000\n";
    const std::string path = folder.spec(three_cases, endless);
    const BinaryRun run =
        run_binary({"batch", path, "--db", folder.db, "--json", (folder.folder / "out.json").string()},
                   std::chrono::milliseconds(1500));
    INFO(run.err);
    CHECK(run.exit_code == exit_cancelled);
    CHECK_THAT(run.err, contains("cancelled, --resume continues"));
    const std::vector<Run> runs = folder.runs();
    REQUIRE(runs.size() == 1);
    CHECK(runs[0].status == RunStatus::cancelled);
    CHECK(runs[0].stop_rule == "cancelled");
    CHECK(runs[0].sample_count > 0);
    const BinaryRun resumed = folder.batch(three_cases, {"--resume"});
    CHECK(resumed.exit_code == exit_ok);
    CHECK_THAT(resumed.err, contains("three: 3 runs"));
}

TEST_CASE("bad experiment files: a cause, a mend, exit 2, nothing stored", "[app]") {
    const BatchFolder folder;
    struct Refusal {
        std::string toml;
        std::vector<const char*> parts;
    };
    const std::vector<Refusal> refusals = {
        {"[axes]\nseqlen = [64]", {"spec.toml:2: unknown key axes.seqlen", "did you mean \"seq_len\"?"}},
        {"warmup = 3", {"spec.toml:1: unknown key warmup"}},
        {"[axes]\nseq_len = [64, 0]", {"spec.toml:2: axes.seq_len has 0", "expected 1 … 2^40"}},
        {"pattern = \"longnet segments=64 rates=128\"", {"spec.toml:1", "128"}},
        {"heads = 12\nkv_heads = 5", {"spec.toml:2", "kv_heads is 5", "divide"}},
        {"[axes]\nseq_len = { range = [1, 1000000, 1] }\nseed = { range = [1, 1000000, 1] }", {"1000000000000 cases"}},
        {"tensors = \"missing.safetensors\"", {"spec.toml:1: tensors", "missing.safetensors"}},
        {"seq_len = ", {"spec.toml:1"}},
        {"[[exclude]]\nwhen = \"seq_len >\"\nreason = \"x\"", {"spec.toml:2", "column"}},
    };
    for (const Refusal& refusal : refusals) {
        const BinaryRun run = folder.batch(refusal.toml);
        INFO(refusal.toml << "\n" << run.err);
        CHECK(run.exit_code == exit_bad_input);
        CHECK(is_one_sentence(run.err));
        for (const char* part : refusal.parts) CHECK_THAT(run.err, contains(part));
        CHECK_FALSE(std::filesystem::exists(folder.db));
    }
    const BinaryRun missing = run_binary({"batch", "/nowhere/spec.toml"});
    CHECK(missing.exit_code == exit_bad_input);
    CHECK_THAT(missing.err, contains("/nowhere/spec.toml"));
    CHECK(run_binary({"batch"}).exit_code == exit_bad_input);
    const BinaryRun no_store = run_binary({"batch", folder.spec(three_cases), "--db", "/proc/runs.sqlite"});
    CHECK(no_store.exit_code == exit_bad_input);
    CHECK_THAT(no_store.err, contains("/proc/runs.sqlite"));
    std::ofstream(folder.folder / "junk.sqlite")
        << "this is no database, only text that is long enough to be looked at";
    const BinaryRun junk =
        run_binary({"batch", folder.spec(three_cases), "--db", (folder.folder / "junk.sqlite").string()});
    CHECK(junk.exit_code == exit_bad_input);
    CHECK_THAT(junk.err, contains("junk.sqlite"));
    CHECK_THAT(folder.batch(three_cases, {"--json", "/nowhere/x.json"}).err, contains("/nowhere/x.json"));
}

TEST_CASE("batch on the shipped tensors, without a display", "[app][slow]") {
    const BatchFolder folder;
    ::unsetenv("DISPLAY");
    const BinaryRun run =
        run_binary({"batch", std::string(DILASCOPE_SOURCE_DIR) + "/assets/first_look.toml", "--db", folder.db});
    INFO(run.err);
    CHECK(run.exit_code == exit_ok);
    const std::vector<Run> runs = folder.runs();
    CHECK(runs.size() >= 8);
    for (const Run& stored : runs) {
        CHECK(stored.verdict == "ok");
        CHECK(stored.config.seq_len == 512);
        CHECK(stored.config.input == "minilm_layer3.safetensors");
    }
}
