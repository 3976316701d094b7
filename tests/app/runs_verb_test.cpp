// `dilascope runs` as a user types it.
#include "experiments/store.h"
#include "tests/app/binary_run.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <nlohmann/json.hpp>

using namespace dilascope;

namespace {

// Five runs: lengths 1024 … 5120, the last one failed, two patterns, two experiments.
std::string store_of_five(const ScratchFolder& folder) {
    const auto path = folder / "runs.sqlite";
    auto store = RunStore::open(path);
    REQUIRE(store.has_value());
    for (int index = 0; index < 5; ++index) {
        Run run;
        run.id = "01EXAMPLE" + std::to_string(index) + "RUN";
        run.experiment = index < 3 ? "first" : "second";
        run.case_hash = std::to_string(index);
        run.config.seq_len = 1024 * (index + 1);
        run.config.pattern = index % 2 ? "window left=4 right=0" : "dense";
        run.status = index == 4 ? RunStatus::failed : RunStatus::done;
        run.verdict = index == 4 ? "wrong, \"very\" wrong" : "ok";
        run.time_ms_median = 1.25 * (index + 1);
        REQUIRE(store->claim(run, false).value());
        REQUIRE(store->finish(run, std::vector<double>{1.0, 1.25, 1.5}).has_value());
    }
    return path.string();
}

std::vector<std::int64_t> lengths(const BinaryRun& run) {
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    std::vector<std::int64_t> found;
    for (const auto& row : nlohmann::json::parse(run.out)) found.push_back(row["seq_len"]);
    return found;
}

using Lengths = std::vector<std::int64_t>;

} // namespace

TEST_CASE("runs list: newest first, filtered, what differs in front", "[app]") {
    ScratchFolder folder;
    const std::string db = store_of_five(folder);
    const auto list = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments = {"runs", "list", "--db", db, "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return lengths(run_binary(arguments));
    };
    CHECK(list({}) == Lengths{5120, 4096, 3072, 2048, 1024});
    CHECK(list({"--last", "2"}) == Lengths{5120, 4096});
    CHECK(list({"--status", "failed"}) == Lengths{5120});
    CHECK(list({"--pattern", "window"}) == Lengths{4096, 2048});
    CHECK(list({"--experiment", "first", "--pattern", "dense"}) == Lengths{3072, 1024});
    const BinaryRun table = run_binary({"runs", "list", "--db", db, "--experiment", "first"});
    CHECK(table.exit_code == 0);
    CHECK_THAT(table.out, Catch::Matchers::StartsWith("id ") && contains("seq_len") && contains("tokens"));
    CHECK_THAT(table.out, contains("3 runs\nequal in all: experiment first · status done") && contains("head_dim 64"));
    CHECK(run_binary({"runs", "list", "--db", db, "--columns", "seq_len,verdict", "--csv", "--last", "1"}).out ==
          "seq_len,verdict\r\n5120,\"wrong, \"\"very\"\" wrong\"\r\n");
    CHECK(run_binary({"runs", "list", "--db", db, "--experiment", "third"}).out == "no runs\n");
}

TEST_CASE("runs show: one run in full, by the start of its id", "[app]") {
    ScratchFolder folder;
    const std::string db = store_of_five(folder);
    const BinaryRun text = run_binary({"runs", "show", "01example2", "--db", db});
    CHECK(text.exit_code == 0);
    CHECK_THAT(text.out,
               contains("seq_len          3072 tokens") && contains("3 samples, ms: min 1") && contains("median 1.25"));
    const auto json = nlohmann::json::parse(run_binary({"runs", "show", "01EXAMPLE2RUN", "--db", db, "--json"}).out);
    CHECK(json.at(0)["samples_ms"] == std::vector<double>{1.0, 1.25, 1.5});
}

TEST_CASE("runs export: every run into a file of the named kind", "[app]") {
    ScratchFolder folder;
    const std::string db = store_of_five(folder);
    const auto content = [](const std::filesystem::path& path) {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const auto json = folder / "runs.json", csv = folder / "runs.txt";
    CHECK(run_binary({"runs", "export", "--db", db, "--output", json.string(), "--samples"}).exit_code == 0);
    CHECK(nlohmann::json::parse(content(json)).at(4)["samples_ms"].size() == 3);
    CHECK(run_binary({"runs", "export", "--db", db, "--output", csv.string()}).exit_code == 0);
    CHECK(content(csv) == run_binary({"runs", "export", "--db", db}).out);
    CHECK_THAT(content(csv), Catch::Matchers::StartsWith("id,experiment,case_hash,status,created,pattern"));
    const BinaryRun unwritable = run_binary({"runs", "export", "--db", db, "--output", (folder / "no/x.csv").string()});
    CHECK(unwritable.exit_code == 2);
    CHECK_THAT(unwritable.err, contains("x.csv"));
}

TEST_CASE("runs: every mistake is one sentence and exit code 2", "[app]") {
    ScratchFolder folder;
    const std::string db = store_of_five(folder), missing = (folder / "no.sqlite").string();
    const auto mistake = [](std::vector<std::string> arguments, const std::string& says) {
        arguments.insert(arguments.begin(), "runs");
        const BinaryRun run = run_binary(arguments);
        CHECK(run.exit_code == 2);
        CHECK_THAT(run.err, contains(says));
        CHECK(is_one_sentence(run.err));
        CHECK(run.out.empty());
    };
    mistake({"list", "--db", missing}, "it does not exist; name a store");
    mistake({"list", "--db", db, "--status", "don"}, "did you mean \"done\"?");
    mistake({"list", "--db", db, "--columns", "seq_le"}, "did you mean \"seq_len\"?");
    mistake({"list", "--db", db, "--last", "0"}, "--last");
    mistake({"list", "--db", db, "--csv", "--json"}, "--json");
    mistake({"show", "01EXAMPLE", "--db", db}, "5 runs begin with \"01EXAMPLE\"");
    mistake({"show", "02", "--db", db}, "no run's id begins with \"02\"");
    mistake({"lst"}, "");
    CHECK_FALSE(std::filesystem::exists(missing));
}
