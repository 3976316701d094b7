// The experiment file: what it multiplies out to, and what it refuses with file, line, key and mend.
#include "experiments/experiment.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <fstream>

using namespace dilascope;

static Experiment parse(const std::string& toml) {
    auto experiment = parse_experiment(toml, "sweep.toml");
    if (!experiment) FAIL(experiment.error().what);
    return std::move(*experiment);
}
static std::string spec_error(const std::string& toml) {
    const auto experiment = parse_experiment(toml, "sweep.toml");
    return experiment ? "accepted" : experiment.error().what;
}

TEST_CASE("an empty experiment is one default case", "[experiments]") {
    const Experiment experiment = parse("");
    CHECK(experiment.name == "sweep");
    REQUIRE(experiment.cases.size() == 1);
    CHECK(experiment.cases[0] == Case{});
}

TEST_CASE("axes multiply in the order written, the first slowest", "[experiments]") {
    const Experiment experiment = parse(R"(
schema = 1
name = "two axes"
causal = true
head_dim = 32
[axes]
seq_len = { pow2 = [5, 7] }
heads = { range = [2, 6, 2] }
pattern = ["dense", " window right=0  left=4 "]
)");
    CHECK(experiment.name == "two axes");
    REQUIRE(experiment.cases.size() == 18);
    CHECK(experiment.cases[0].seq_len == 32);
    CHECK(experiment.cases[0].heads == 2);
    CHECK(experiment.cases[1].pattern == "window left=4 right=0"); // canonical
    CHECK(experiment.cases[2].heads == 4);
    CHECK(experiment.cases[5].heads == 6);
    CHECK(experiment.cases[6].seq_len == 64);
    for (const Case& config : experiment.cases) {
        CHECK(config.causal);
        CHECK(config.head_dim == 32);
    }
}

TEST_CASE("zipped keys move together and leave the axes", "[experiments]") {
    const Experiment experiment = parse(R"(
[axes]
seq_len = [64, 128, 256]
heads = [2, 4]
[[zip]]
keys = ["seq_len", "pattern"]
rows = [[512, "longnet segments=64 rates=1"], [1024, "longnet segments=128 rates=1"]]
)");
    REQUIRE(experiment.cases.size() == 4);
    CHECK(experiment.cases[0].seq_len == 512);
    CHECK(experiment.cases[0].pattern == "longnet segments=64 rates=1");
    CHECK(experiment.cases[1].seq_len == 1024);
    CHECK(experiment.cases[1].pattern == "longnet segments=128 rates=1");
    REQUIRE(experiment.notes.size() == 1);
    CHECK_THAT(experiment.notes[0], contains("sweep.toml:3: axes.seq_len is replaced by the [[zip]] of line 5"));
}

TEST_CASE("excluded cases keep their reason and are not checked", "[experiments]") {
    const Experiment experiment = parse(R"(
[axes]
heads = [8, 7]
kv_heads = [2]
[[exclude]]
when = "heads == 7"
reason = "7 has no half"
[[exclude]]
when = "heads > 100"
reason = "never"
)");
    REQUIRE(experiment.cases.size() == 1);
    REQUIRE(experiment.excluded.size() == 1);
    CHECK(experiment.excluded[0].config.heads == 7);
    CHECK(experiment.excluded[0].reason == "7 has no half");
    REQUIRE(experiment.notes.size() == 1);
    CHECK_THAT(experiment.notes[0], contains("sweep.toml:9") && contains("matches no case"));
}

TEST_CASE("equal cases merge with a note, hot and cold differ", "[experiments]") {
    const Experiment experiment = parse(R"(
[axes]
pattern = ["dense", "dense ", "window left=1 right=1"]
[measure]
hot = true
cold = true
)");
    REQUIRE(experiment.cases.size() == 4);
    CHECK(experiment.cases[0].cache == "hot");
    CHECK(experiment.cases[1].cache == "cold");
    REQUIRE(experiment.notes.size() == 1);
    CHECK_THAT(experiment.notes[0], contains("2 cases"));
}

TEST_CASE("measure and output are read", "[experiments]") {
    const Experiment experiment = parse_experiment(R"(
[measure]
warmup = 5
min_samples = 15
min_time_s = 1
max_noise_pct = 1.5
timeout_s = 20
[output]
db = "runs.sqlite"
baseline = "tag:main"
)",
                                                   "some/folder/sweep.toml")
                                      .value();
    CHECK(experiment.measure.warmup == 5);
    CHECK(experiment.measure.min_samples == 15);
    CHECK(experiment.measure.min_time_s == 1);
    CHECK(experiment.measure.max_noise_pct == 1.5);
    CHECK(experiment.measure.timeout_s == 20);
    CHECK(experiment.db == "some/folder/runs.sqlite");
    CHECK(experiment.baseline == "tag:main");
}

TEST_CASE("tensors give the shape that the file does not set", "[experiments]") {
    const std::string head = "tensors = \"assets/minilm_layer3.safetensors\"\n";
    const auto load = [&](const std::string& rest) {
        return parse_experiment(head + rest, std::string(DILASCOPE_SOURCE_DIR) + "/sweep.toml");
    };
    const Experiment whole = load("").value();
    REQUIRE(whole.cases.size() == 1);
    CHECK(whole.cases[0].seq_len == 512);
    CHECK(whole.cases[0].heads == 12);
    CHECK(whole.cases[0].head_dim == 32);
    CHECK(whole.cases[0].input == "assets/minilm_layer3.safetensors");
    REQUIRE(whole.inputs);
    CHECK(whole.inputs->problem.seq_len == 512);
    CHECK(load("seq_len = 100\nheads = 4").value().cases[0].seq_len == 100);
    CHECK_THAT(load("seq_len = 513").error().what, contains(":2: ") && contains("at most 512"));
    CHECK_THAT(load("heads = 13").error().what, contains("at most 12"));
    CHECK_THAT(load("head_dim = 64").error().what, contains("head_dim is 64") && contains("32"));
    CHECK_THAT(load("batch = 2").error().what, contains("batch is 2"));
    CHECK_THAT(load("kv_len = 600").error().what, contains("kv_len is 600"));
    CHECK_THAT(load("generator = \"gaussian\"").error().what, contains("keep one"));
    CHECK_THAT(spec_error("\ntensors = \"nowhere.safetensors\""),
               contains("sweep.toml:2: tensors: ") && contains("nowhere.safetensors"));
}

TEST_CASE("huge products are counted, not made", "[experiments]") {
    CHECK_THAT(spec_error("[axes]\nseq_len = { range = [1, 1000000, 1] }\nheads = [1, 2, 3]"),
               contains("3000000 cases") && contains("at most 100000"));
    CHECK_THAT(
        spec_error(
            "[axes]\nseq_len = { range = [1, 1099511627776, 1] }\nseed = { range = [0, 9000000000000000000, 1] }"),
        contains("about 9.9e+30 cases"));
    CHECK_THAT(spec_error("[axes]\nseed = { range = [1, 60000, 1] }\n[measure]\ncold = true"),
               contains("120000 cases"));
    CHECK(parse("[axes]\nseed = { range = [1, 10, 3] }").cases.size() == 4); // 1, 4, 7, 10
}

TEST_CASE("what an experiment file cannot say", "[experiments]") {
    struct Refusal {
        const char* toml;
        std::vector<const char*> parts;
    };
    const std::vector<Refusal> refusals = {
        {"schema = 2", {"sweep.toml:1: schema has 2", "expected 1"}},
        {"axis = 3", {"sweep.toml:1: unknown key axis", "did you mean \"axes\""}},
        {"\nseqlen = 3", {"sweep.toml:2: unknown key seqlen", "\"seq_len\""}},
        {"[axes]\n\nhaeds = [1]", {"sweep.toml:3: unknown key axes.haeds", "\"heads\""}},
        {"[measure]\nwarm_up = 1", {"sweep.toml:2: unknown key measure.warm_up", "\"warmup\""}},
        {"[output]\ndatabase = \"x\"", {"sweep.toml:2: unknown key output.database", "db"}},
        {"[axes]\ninput = [\"a\"]", {"unknown key axes.input"}},
        {"[axes]\nseq_len = [64, 0]", {"sweep.toml:2: axes.seq_len has 0", "expected 1 … 2^40"}},
        {"[axes]\nseq_len = [\n64,\n-4]", {"sweep.toml:4: axes.seq_len has -4"}},
        {"seq_len = 0", {"sweep.toml:1: seq_len has 0"}},
        {"seq_len = 2.5", {"seq_len has 2.5"}},
        {"seq_len = \"64\"", {"seq_len has \"64\"", "an integer"}},
        {"causal = 1", {"causal has 1", "true or false"}},
        {"dtype = \"fp16\"", {"dtype is \"fp16\"", "f16"}},
        {"backend = \"gpu\"", {"unknown backend \"gpu\""}},
        {"direction = \"back\"", {"direction is \"back\"", "backward"}},
        {"pattern = \"longnt\"", {"sweep.toml:1: pattern: ", "longnet"}},
        {"pattern = \"longnet segments=64 rate=1\"", {"rates"}},
        {"pattern = \"longnet segments=64,32 rates=1,128\"", {"sweep.toml:1", "128"}},
        {"[axes]\nheads = [12]\nkv_heads = [\n4,\n5]", {"sweep.toml:5: ", "kv_heads is 5", "divide"}},
        {"[axes]\nseq_len=[64,128]\nkv_len = [100]", {"kv_len is 100", "shorter than seq_len 128"}},
        {"[axes]\nseq_len = []", {"axes.seq_len is empty"}},
        {"[axes]\nseq_len = { pow = [1,2] }", {"unknown key axes.seq_len.pow", "pow2"}},
        {"[axes]\nseq_len = { pow2 = [5, 2] }", {"from ≤ to"}},
        {"[axes]\nseq_len = { pow2 = [5, 63] }", {"[5, 63]"}},
        {"[axes]\nseq_len = { pow2 = [5, 50] }", {"axes.seq_len has 1125899906842624"}},
        {"[axes]\nseq_len = { pow2 = 5 }", {"axes.seq_len.pow2 has 5"}},
        {"[axes]\nseq_len = { range = [1, 10, 0] }", {"step ≥ 1"}},
        {"[axes]\nseq_len = { range = [1, 10] }", {"[from, to, step]"}},
        {"[axes]\nseq_len = { range = [0, 10, 1] }", {"axes.seq_len has 0"}},
        {"[axes]\npattern = { pow2 = [1, 2] }", {"axes.pattern has 2"}},
        {"heads = 2\n[axes]\nheads = [4]", {"sweep.toml:3: heads already has values in line 1"}},
        {"[[zip]]\nkeys = [\"heads\"]\nrows = [[1, 2]]", {"a list of 1 values"}},
        {"[[zip]]\nkeys = [\"heads\", \"head\"]\nrows = [[1, 2]]", {"unknown key zip.head"}},
        {"[[zip]]\nkeys = [\"heads\"]", {"zip needs keys"}},
        {"[[zip]]\nkeys = [\"heads\", \"heads\"]\nrows = [[1, 2]]", {"twice"}},
        {"[zip]\nkeys = []", {"[[zip]]"}},
        {"[[exclude]]\nreason = \"x\"", {"when"}},
        {"[[exclude]]\nwhen = \"heads > 1\"", {"reason"}},
        {"[[exclude]]\nwhen = \"head > 1\"\nreason = \"x\"", {"sweep.toml:2", "column 1", "heads"}},
        {"[measure]\nmin_samples = 0", {"measure.min_samples has 0", "1 … "}},
        {"[measure]\nmin_samples = 2000", {"more than max_samples"}},
        {"[measure]\nmax_noise_pct = nan", {"max_noise_pct has nan"}},
        {"[measure]\nhot = false", {"nothing is measured"}},
        {"[measure]\nhot = 1", {"true or false"}},
        {"axes = 5", {"axes has 5"}},
        {"generator = \"uniform\"", {"gaussian"}},
        {"layout = \"nhd\"", {"layout has \"nhd\"", "bnhd"}},
        {"name = 5", {"name has 5"}},
        {"heads = \n", {"sweep.toml:1"}},
        {"heads = 1\nheads = 2", {"sweep.toml:2"}},
        {"seq_len = 99999999999999999999", {"sweep.toml:1"}},
        {"seq_len = 1099511627776", {"sweep.toml:1: ", "exact"}},
        {"[axes]\nheads = [3, 5, 7]\nkv_heads = [2]", {"kv_heads is 2", "and 2 more cases"}},
    };
    for (const Refusal& refusal : refusals) {
        INFO(refusal.toml);
        const std::string error = spec_error(refusal.toml);
        for (const char* part : refusal.parts) CHECK_THAT(error, contains(part));
    }
}

TEST_CASE("files that are no experiment are refused", "[experiments]") {
    const ScratchFolder folder;
    CHECK_THAT(load_experiment(folder / "none.toml").error().what, contains("none.toml") && contains("No such file"));
    CHECK_THAT(load_experiment(folder.path).error().what, contains("is a folder"));
    std::ofstream(folder / "binary.toml") << std::string("\x00\xff\xfe", 3);
    CHECK_THAT(load_experiment(folder / "binary.toml").error().what, contains("binary.toml:1"));
    std::ofstream(folder / "deep.toml") << "a = " << std::string(5000, '[');
    CHECK_FALSE(load_experiment(folder / "deep.toml").has_value());
}

TEST_CASE("damaged experiment files are errors, never crashes", "[experiments]") {
    const std::string whole = R"(schema = 1
name = "x"
[axes]
pattern = ["longnet segments=64,128 rates=1,2", "dense"]
seq_len = { pow2 = [6, 8] }
[[zip]]
keys = ["heads", "kv_heads"]
rows = [[4, 2], [8, 2]]
[[exclude]]
when = "seq_len > 64 and not causal"
reason = "why"
[measure]
cold = true
)";
    REQUIRE(parse_experiment(whole, "whole.toml").has_value());
    std::uint64_t state = 9; // xorshift
    for (int trial = 0; trial < 3000; ++trial) {
        std::string damaged = whole.substr(0, whole.size() - std::size_t(trial) % whole.size());
        for (int edit = 0; edit < trial % 5; ++edit) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            damaged[state % damaged.size()] = "[]{}=\"'0-9.,\n# x"[state / 7919 % 16];
        }
        const auto experiment = parse_experiment(damaged, "damaged.toml");
        if (!experiment) CHECK_THAT(experiment.error().what, contains("damaged.toml"));
    }
}

TEST_CASE("the shipped experiments load", "[experiments]") {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(DILASCOPE_SOURCE_DIR) + "/assets")) {
        if (entry.path().extension() != ".toml") continue;
        INFO(entry.path().string());
        const auto experiment = load_experiment(entry.path());
        if (!experiment) FAIL(experiment.error().what);
        CHECK_FALSE(experiment->cases.empty());
        CHECK(experiment->notes.empty());
        ++count;
    }
    CHECK(count >= 4);
}
