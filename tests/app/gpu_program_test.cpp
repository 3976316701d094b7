// The whole program on a machine with a GPU: an emulated one, always; the machine's own with the tag [gpu].
#include "app/verbs.h"
#include "tests/app/attend_files.h"
#include "tests/app/binary_run.h"
#include "tests/app/stored_runs.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/gpu.h"
#include <nlohmann/json.hpp>

using namespace dilascope;

namespace {

constexpr const char* emulated = DILASCOPE_EMULATED_BINARY;

// The emulated program, whose GPU fails as `fault` says (tests/emulated_gpu/main.cpp).
BinaryRun run_with_fault(const char* fault, std::vector<std::string> arguments) {
    ::setenv("DILASCOPE_EMULATED_FAULT", fault, 1);
    const BinaryRun run = run_program(emulated, std::move(arguments));
    ::unsetenv("DILASCOPE_EMULATED_FAULT");
    return run;
}

// The real program where there is a GPU, else null, and a line that says why the test is skipped.
const char* program_on_gpu() {
    const auto report = nlohmann::json::parse(run_binary({"doctor", "--json"}).out);
    const auto& cuda = report["backends"][0];
    if (cuda["available"]) return DILASCOPE_BINARY;
    skip_test(cuda["status"]);
    return nullptr;
}

std::string file_of(const ScratchFolder& folder, const char* name, const std::string& text) {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
}

void check_doctor(const char* program) {
    const BinaryRun run = run_program(program, {"doctor", "--json"});
    REQUIRE(run.exit_code == exit_ok);
    const auto report = nlohmann::json::parse(run.out);
    CHECK(report["backends"][0]["name"] == "cuda");
    CHECK(report["backends"][0]["available"] == true);
    CHECK(report["cuda"]["problem"] == "");
    int forward = 0, backward = 0; // kernels that cuda has for what doctor asks
    for (const auto& choice : report["kernels"]) {
        if (choice["backend"] != "cuda" || choice["kernel"] == "") continue;
        ++(choice["direction"] == "forward" ? forward : backward);
        CHECK_THAT(choice["kernel"].get<std::string>(), contains("cuda/"));
    }
    CHECK(forward > 4);
    CHECK(backward > 4);
}

// Outputs and gradients against the definition; with dropout, GQA, more keys than queries, causal or not.
void check_attend(const char* program) {
    const ScratchFolder folder;
    const Qkv qkv = small_qkv_with_dout();
    write_qkv(folder / "in.npz", qkv);
    for (const bool causal : {false, true})
        for (const double dropout : {0.0, 0.3}) {
            std::vector<std::string> arguments = {"attend",
                                                  "--input",
                                                  (folder / "in.npz").string(),
                                                  "--output",
                                                  (folder / "out.npz").string(),
                                                  "--pattern",
                                                  "longnet segments=8,64 rates=1,3",
                                                  "--backend",
                                                  "cuda"};
            if (causal) arguments.push_back("--causal");
            if (dropout > 0) arguments.insert(arguments.end(), {"--dropout", "0.3", "--seed", "5"});
            const BinaryRun run = run_program(program, arguments);
            INFO(run.err);
            REQUIRE(run.exit_code == exit_ok);
            CHECK_THAT(run.out, contains("cuda/forward f32") && contains("cuda/backward f32"));
            const AttendTruth truth = attend_truth(
                {qkv, longnet(41, {{8, 1}, {64, 3}}), causal, 1 / std::sqrt(8.0), {dropout, dropout > 0 ? 5u : 0u}});
            check_file(folder / "out.npz", qkv.problem, truth, 2e-5);
        }
}

// Each case runs on both backends, is verified, and stored with its kernel.
void check_batch(const char* program) {
    const ScratchFolder folder;
    const std::string db = (folder / "runs.sqlite").string();
    const std::string spec = file_of(folder, "spec.toml",
                                     "name = \"both\"\nheads = 2\nseq_len = 100\nhead_dim = 16\n"
                                     "pattern = \"longnet segments=32,64 rates=1,2\"\n"
                                     "[axes]\nbackend = [\"cuda\", \"cpu\"]\ndtype = [\"f32\", \"bf16\"]\n"
                                     "direction = [\"forward\", \"forward+backward\"]\n"
                                     "[measure]\nwarmup = 1\nmin_samples = 3\nmax_samples = 3\nmin_time_s = 0\n");
    const BinaryRun run = run_program(program, {"batch", spec, "--db", db});
    INFO(run.err);
    REQUIRE(run.exit_code == exit_ok);
    const std::vector<Run> runs = stored_runs(db);
    REQUIRE(runs.size() == 8);
    for (const Run& stored : runs) {
        CHECK(stored.status == RunStatus::done);
        CHECK(stored.verdict == "ok");
        CHECK(stored.kernel.find(stored.config.backend + "/") == 0);
        CHECK(stored.time_ms_median > 0);
    }
}

// The window: live on the GPU, heatmap from it, the CPU with one key, both timings.
void check_window(const char* program) {
    const ScratchFolder folder;
    const std::string script = file_of(folder, "session.gui", R"(
        wait_idle
        expect live.error
        expect live.backend cuda
        expect live.verdict ok
        snapshot heatmap view/heatmap
        key Ctrl+B
        wait_idle
        expect live.backend cpu
        expect_part notice cuda
        expect_part notice cpu
        key Ctrl+B
        wait_idle
        expect config.backend reference
        key Ctrl+B
        wait_idle
        expect live.backend cuda
        drag config/rates/1 40 0
        hover status/frame
        wait_idle
        expect live.error
        expect live.backend cuda
        expect_changed heatmap
    )");
    const BinaryRun run = run_program(program, {"render", "--view", "workbench", "--pattern",
                                                "longnet segments=32,64,128 rates=1,2,4", "--seq-len", "128", "--heads",
                                                "4", "--script", script, "--output", (folder / "window.png").string()});
    INFO(run.err);
    CHECK(run.exit_code == exit_ok);
    CHECK(std::filesystem::exists(folder / "window.png"));
}

} // namespace

TEST_CASE("the program on an emulated GPU: doctor, attend, batch", "[app][slow]") {
    check_doctor(emulated);
    check_attend(emulated);
    check_batch(emulated);
}

TEST_CASE("the program on an emulated GPU: the window", "[app][slow]") { check_window(emulated); }

TEST_CASE("the program on this machine's GPU", "[app][slow][gpu]") {
    const char* program = program_on_gpu();
    if (!program) return;
    check_doctor(program);
    check_attend(program);
    check_batch(program);
    check_window(program);
}

TEST_CASE("a GPU lost in a batch fails its own cases and no other", "[app]") {
    const ScratchFolder folder;
    const std::string db = (folder / "runs.sqlite").string();
    const std::string spec = file_of(folder, "spec.toml",
                                     "name = \"lost\"\nheads = 1\nseq_len = 64\nhead_dim = 16\n"
                                     "[axes]\nbackend = [\"cpu\", \"cuda\"]\ncausal = [false, true]\n"
                                     "[measure]\nwarmup = 1\nmin_samples = 3\nmax_samples = 3\nmin_time_s = 0\n");
    const BinaryRun run = run_with_fault("launch 2 lost", {"batch", spec, "--db", db});
    INFO(run.err);
    CHECK(run.exit_code == exit_no_device);
    CHECK_THAT(run.err, contains("was lost at") && contains("save, and start the program again"));
    const std::vector<Run> runs = stored_runs(db);
    int done = 0, failed = 0;
    for (const Run& stored : runs) {
        done += stored.status == RunStatus::done && stored.config.backend == "cpu";
        failed += stored.status == RunStatus::failed && stored.config.backend == "cuda";
    }
    CHECK(done == 2);
    CHECK(failed == 2);
}

TEST_CASE("a GPU lost in the window is told, and the CPU goes on", "[app][slow]") {
    const ScratchFolder folder;
    const std::string script = file_of(folder, "session.gui", R"(
        wait_idle
        expect live.backend cuda
        click config/causal
        wait_idle
        expect_part live.error was lost at
        expect_part live.error save, and start the program again
        click config/causal
        wait_idle
        expect live.error
        expect live.backend cpu
        expect live.verdict ok
        expect_part notice auto runs this on cpu. cuda device 0 (Emulated H100) was lost at
    )");
    const BinaryRun run = run_with_fault(
        "launch 6 lost", {"render", "--view", "workbench", "--pattern", "longnet segments=32,64 rates=1,2", "--seq-len",
                          "64", "--heads", "2", "--script", script, "--output", (folder / "window.png").string()});
    INFO(run.err);
    CHECK(run.exit_code == exit_ok);
}

TEST_CASE("what the GPU cannot run, auto runs on the CPU and says why", "[app][slow]") {
    const ScratchFolder folder;
    const std::string db = (folder / "runs.sqlite").string(), reason = "passed over: cuda has no mix=fkodom";
    const char* pattern = "fkodom segments=16,64 rates=1,2";
    write_qkv(folder / "in.npz", small_qkv());
    const BinaryRun attended = run_program(emulated, {"attend", "--input", (folder / "in.npz").string(), "--output",
                                                      (folder / "out.npz").string(), "--pattern", pattern});
    INFO(attended.err);
    CHECK_THAT(attended.out, contains("cpu/") && contains(reason));
    const std::string spec = file_of(folder, "spec.toml",
                                     "name = \"auto\"\nheads = 2\nseq_len = 64\nhead_dim = 16\n[axes]\npattern = [\"" +
                                         std::string(pattern) + "\", \"dense\"]\n[measure]\nmin_samples = 3\n");
    REQUIRE(run_program(emulated, {"batch", spec, "--db", db}).exit_code == exit_ok);
    const std::vector<Run> runs = stored_runs(db);
    REQUIRE(runs.size() == 2);
    for (const Run& run : runs) {
        const bool is_passed_over = run.kernel.find(reason) != std::string::npos;
        CHECK(is_passed_over == (run.config.pattern != "dense"));
        CHECK(run.kernel.find(is_passed_over ? "cpu/" : "cuda/") == 0);
    }
}

TEST_CASE("a GPU without memory left is one sentence", "[app]") {
    const ScratchFolder folder;
    write_qkv(folder / "in.npz", small_qkv());
    const BinaryRun run = run_with_fault("allocate 2 out_of_memory",
                                         {"attend", "--input", (folder / "in.npz").string(), "--output",
                                          (folder / "out.npz").string(), "--pattern", "dense", "--backend", "cuda"});
    CHECK(run.exit_code != exit_ok);
    CHECK_THAT(run.err, contains("MiB free of") && contains("use a shorter seq_len"));
    CHECK(is_one_sentence(run.err));
    CHECK_FALSE(std::filesystem::exists(folder / "out.npz"));
}
