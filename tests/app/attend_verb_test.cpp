#include "app/verbs.h"
#include "engine/backends/backend.h"
#include "experiments/qkv.h"
#include "experiments/tensor_file.h"
#include "tests/app/attend_files.h"
#include "tests/app/binary_run.h"
#include "tests/catch.h"
#include <cmath>
#include <functional>
#include <map>

using namespace dilascope;

namespace {

std::string real_tensors() { return DILASCOPE_SOURCE_DIR "/assets/minilm_layer3.safetensors"; }

} // namespace

TEST_CASE("attend equals the definition, for patterns, layouts, formats, causal or not", "[app]") {
    const ScratchFolder folder;
    const Qkv qkv = small_qkv();
    const double scale = 1 / std::sqrt(8.0);
    const Times dense = [](auto...) { return 1; };
    const Times window = [](std::int64_t, std::int64_t i, std::int64_t j) { return j >= i - 5 && j <= i + 2; };
    write_qkv(folder / "in.safetensors", qkv);
    write_qkv(folder / "in.npz", qkv, Layout::bhnd);
    struct Wanted {
        std::string pattern;
        Times times;
    };
    const Wanted wanted[] = {{"dense", dense},
                             {"window left=5 right=2", window},
                             {"longnet segments=8,16,64 rates=1,2,3", longnet(41, {{8, 1}, {16, 2}, {64, 3}})},
                             {"longnet segments=16 rates=4", longnet(41, {{16, 4}})}};
    for (const Wanted& want : wanted)
        for (const bool causal : {false, true}) {
            const bool other = want.pattern.size() % 2 == causal;
            const std::string in = (folder / (other ? "in.npz" : "in.safetensors")).string();
            const std::string out = (folder / (other ? "out.safetensors" : "out.npz")).string();
            std::vector<std::string> arguments = {"attend", "--input", in, "--pattern", want.pattern, "--output", out};
            if (other) arguments.insert(arguments.end(), {"--layout", "bhnd"});
            if (causal) arguments.push_back("--causal");
            const BinaryRun run = run_binary(arguments);
            INFO(want.pattern << (causal ? " causal: " : ": ") << run.err);
            REQUIRE(run.exit_code == exit_ok);
            CHECK(run.err.empty());
            const AttendTruth truth = attend_truth({qkv, want.times, causal, scale});
            const auto empty_rows = std::count(truth.lse.begin(), truth.lse.end(), -INFINITY);
            CHECK(run.out.find(std::to_string(empty_rows) + " of 296 rows without keys\n") != std::string::npos);
            CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 1);
            check_file(out, qkv.problem, truth);
        }
}

TEST_CASE("attend: scale and backend are taken as given", "[app]") {
    const ScratchFolder folder;
    const Qkv qkv = small_qkv();
    write_qkv(folder / "in.npz", qkv);
    const std::string out = (folder / "out.npz").string();
    for (const char* backend : {"reference", "cpu"}) {
        const BinaryRun run = run_binary({"attend", "--input", (folder / "in.npz").string(), "--pattern", "dense",
                                          "--scale", "0.75", "--backend", backend, "--output", out});
        INFO(run.err);
        REQUIRE(run.exit_code == exit_ok);
        CHECK(run.out.find(backend) != std::string::npos); // the kernel's name says which one ran
        check_file(out, qkv.problem, attend_truth({qkv, [](auto...) { return 1; }, false, 0.75}));
    }
}

TEST_CASE("attend: the shipped real tensors", "[app]") {
    const ScratchFolder folder;
    const auto qkv = load_qkv(real_tensors());
    REQUIRE(qkv);
    const BinaryRun run =
        run_binary({"attend", "--input", real_tensors(), "--pattern", "longnet segments=64,256 rates=1,4", "--output",
                    (folder / "out.safetensors").string()});
    INFO(run.err);
    REQUIRE(run.exit_code == exit_ok);
    check_file(folder / "out.safetensors", qkv->problem,
               attend_truth({*qkv, longnet(512, {{64, 1}, {256, 4}}), false, 1 / std::sqrt(32.0)}));
}

TEST_CASE("attend: with dout it writes the gradients too, whatever the layout", "[app]") {
    const ScratchFolder folder;
    const Qkv qkv = small_qkv_with_dout();
    write_qkv(folder / "in.npz", qkv);
    write_qkv(folder / "in.safetensors", qkv, Layout::bhnd);
    for (const bool causal : {false, true}) {
        const bool heads_first = causal;
        const std::string in = (folder / (heads_first ? "in.safetensors" : "in.npz")).string();
        const std::string out = (folder / (heads_first ? "out.npz" : "out.safetensors")).string();
        std::vector<std::string> arguments = {"attend",   "--input", in, "--pattern", "longnet segments=8,64 rates=1,3",
                                              "--output", out};
        if (causal) arguments.push_back("--causal");
        if (heads_first) arguments.insert(arguments.end(), {"--layout", "bhnd"});
        const BinaryRun run = run_binary(arguments);
        INFO(run.err);
        REQUIRE(run.exit_code == exit_ok);
        CHECK(run.err.empty());
        CHECK(run.out.find("dq (2, 37, 4, 8), dk (2, 41, 2, 8), dv (2, 41, 2, 8); ") != std::string::npos);
        CHECK(run.out.find("; gradients ") != std::string::npos);
        check_file(out, qkv.problem, attend_truth({qkv, longnet(41, {{8, 1}, {64, 3}}), causal, 1 / std::sqrt(8.0)}));
    }
}

TEST_CASE("attend: dropout drops the weights that the seed says, in the gradients too", "[app]") {
    const ScratchFolder folder;
    const Qkv qkv = small_qkv_with_dout();
    write_qkv(folder / "in.npz", qkv);
    const std::string out = (folder / "out.npz").string();
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1} << 63}) {
        std::vector<std::string> arguments = {"attend",    "--input",  (folder / "in.npz").string(),
                                              "--pattern", "dense",    "--dropout",
                                              "0.3",       "--output", out};
        if (seed != 0) arguments.insert(arguments.end(), {"--seed", std::to_string(seed)});
        const BinaryRun run = run_binary(arguments);
        INFO(run.err);
        REQUIRE(run.exit_code == exit_ok);
        const Times dense = [](auto...) { return 1; };
        check_file(out, qkv.problem, attend_truth({qkv, dense, false, 1 / std::sqrt(8.0), {0.3, seed}}));
    }
}

TEST_CASE("attend: bad input is one sentence and exit 2, and writes nothing", "[app]") {
    const ScratchFolder folder;
    write_qkv(folder / "in.npz", small_qkv());
    Qkv bad = small_qkv();
    bad.q[(3 * 4 + 1) * 8 + 2] = NAN;
    write_qkv(folder / "nan.npz", bad);
    Qkv large = small_qkv();
    large.v[5] = 70000;
    write_qkv(folder / "large.npz", large);
    {
        const float values[2 * 41 * 4 * 8] = {};
        const TensorToWrite tensors[] = {{"q", {2, 37, 4, 8}, values},
                                         {"k", {2, 41, 2, 8}, values},
                                         {"v", {2, 41, 2, 8}, values},
                                         {"dout", {2, 41, 2, 8}, values}};
        REQUIRE(write_tensor_file(folder / "dout.npz", tensors));
    }
    { std::ofstream(folder / "cut.safetensors") << "only a few bytes"; }
    const auto check = [&](std::map<std::string, std::string> changes, const std::string& expected) {
        std::map<std::string, std::string> options = {{"--input", (folder / "in.npz").string()},
                                                      {"--pattern", "dense"},
                                                      {"--output", (folder / "out.npz").string()}};
        for (const auto& [option, value] : changes) options[option] = value;
        std::vector<std::string> arguments = {"attend"};
        for (const auto& [option, value] : options)
            if (!value.empty()) arguments.insert(arguments.end(), {option, value});
        const BinaryRun run = run_binary(arguments);
        INFO(run.err);
        CHECK(run.exit_code == exit_bad_input);
        CHECK(is_one_sentence(run.err));
        CHECK(run.err.find(expected) != std::string::npos);
        CHECK(run.out.empty());
        CHECK_FALSE(std::filesystem::exists(folder / "out.npz"));
    };
    check({{"--input", ""}}, "--input");
    check({{"--input", (folder / "missing.npz").string()}}, "missing.npz: no such file");
    check({{"--input", (folder / "cut.safetensors").string()}}, "cut.safetensors: claims a header");
    check({{"--input", (folder / "nan.npz").string()}},
          "\"q\" holds 1 value that is not finite in float32, the first at (0, 3, 1, 2): nan");
    check({{"--layout", "bhnd"}, {"--pattern", "dense"}}, "does not divide");
    check({{"--layout", "nhd"}}, "--layout is \"nhd\"");
    check({{"--pattern", "longnt segments=8 rates=1"}}, "longnet");
    check({{"--pattern", "longnet segments=8 rates=16"}}, "16");
    check({{"--dtype", "f32x"}}, "--dtype is \"f32x\"");
    check({{"--dtype", "f64"}}, "expected f32, f16, bf16 or tf32");
    check({{"--backend", "cpuu"}}, "did you mean \"cpu\"?");
    check({{"--scale", "-1"}}, "--scale");
    check({{"--scale", "nan"}}, "scale is nan");
    check({{"--dropout", "1"}}, "--dropout is 1; expected the share of weights to drop, 0 or more and below 1");
    check({{"--dropout", "nan"}}, "--dropout is nan");
    check({{"--dropout", "0.999999"}}, "nearer to 1 than the step");
    check({{"--dropout", "1e-7"}}, "nearer to 0 than the step");
    check({{"--dropout", "some"}}, "--dropout");
    check({{"--seed", "3"}}, "--dropout");
    check({{"--input", (folder / "dout.npz").string()}}, "dout has shape (2, 41, 2, 8) and q (2, 37, 4, 8)");
    check({{"--output", (folder / "out.txt").string()}}, "unknown extension \".txt\"");
    check({{"--output", (folder / "out.npy").string()}}, "2 tensors do not fit");
    check({{"--output", (folder / "no/out.npz").string()}}, "create the folder first");
    check({{"--output", (folder / "in.npz").string()}}, "is the input file");
    check({{"--nothing", "1"}}, "--nothing");
    Problem f16 = small_qkv().problem;
    f16.dtype = Dtype::f16;
    const Pattern dense{Dense{}};
    if (!find_backend("auto", f16, dense))
        check({{"--dtype", "f16"}}, "f16");
    else
        check({{"--dtype", "f16"}, {"--input", (folder / "large.npz").string()}}, "largest number is 65504");
}

TEST_CASE("attend: a missing device is exit 4", "[app]") {
    for (Backend* backend : backends())
        if (backend->name() == "cuda" && backend->available()) return; // there is one
    const ScratchFolder folder;
    const BinaryRun run = run_binary({"attend", "--input", real_tensors(), "--pattern", "dense", "--backend", "cuda",
                                      "--output", (folder / "out.npz").string()});
    INFO(run.err);
    CHECK(run.exit_code == exit_no_device);
    CHECK(is_one_sentence(run.err));
    CHECK(run.err.find("cuda") != std::string::npos);
}

TEST_CASE("attend: Ctrl-C ends it with 130 and no output", "[app][slow]") {
    const ScratchFolder folder;
    const auto qkv = generate_qkv(self_attention(4096, 8, 64), 5); // many seconds of work for the reference
    REQUIRE(qkv);
    write_qkv(folder / "in.safetensors", *qkv);
    BinaryRun run;
    for (const int wait_ms : {200, 1000, 5000}) { // longer where a busy machine had not started it yet
        run = run_binary({"attend", "--input", (folder / "in.safetensors").string(), "--pattern", "dense", "--backend",
                          "reference", "--output", (folder / "out.npz").string()},
                         std::chrono::milliseconds(wait_ms));
        if (!run.err.empty()) break;
    }
    INFO(run.err);
    CHECK(run.exit_code == exit_cancelled);
    CHECK(is_one_sentence(run.err));
    CHECK(run.err.find("cancelled") != std::string::npos);
    CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1); // the input alone
}
