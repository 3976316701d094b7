// The pattern and doctor verbs through the real binary.
#include "experiments/tensor_file.h"
#include "tests/app/binary_run.h"
#include "tests/contains.h"
#include <nlohmann/json.hpp>
#include <numeric>

using namespace dilascope;
using Json = nlohmann::json;

static BinaryRun pattern(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "pattern");
    return run_binary(arguments);
}

TEST_CASE("pattern: counts, mask and density agree", "[app]") {
    const ScratchFolder folder;
    const std::string mask_file = folder / "mask.npy", density_file = folder / "density.npy";
    const BinaryRun run =
        pattern({"longnet segments=16,40 rates=1,3", "--seq-len", "70", "--heads", "4", "--causal", "--json", "--head",
                 "2", "--mask", mask_file, "--density", density_file, "--region", "10:70,0:50", "--pixels", "5x6"});
    REQUIRE(run.exit_code == 0);
    const Json json = Json::parse(run.out);
    const std::vector<HostTensor> mask = read_tensor_file(mask_file).value();
    REQUIRE(mask[0].shape == std::vector<std::int64_t>{70, 70});
    std::int64_t active = 0, times = 0, inside = 0;
    for (std::int64_t q = 0; q < 70; ++q)
        for (std::int64_t k = 0; k < 70; ++k) {
            const auto count = std::int64_t(mask[0].values[q * 70 + k]);
            active += count > 0, times += count;
            inside += count > 0 && q >= 10 && k < 50;
            if (k > q) CHECK(count == 0);
        }
    const Json& head = json["per_head"][2];
    CHECK(head["active_pairs"] == active);
    CHECK(head["multiplicity"] == times);
    CHECK(head["allowed_pairs"] == 70 * 71 / 2);
    CHECK(head["density"].get<double>() == Approx(double(active) / (70.0 * 71 / 2)));
    std::int64_t sum = 0;
    for (const Json& one : json["per_head"]) sum += one["active_pairs"].get<std::int64_t>();
    CHECK(json["active_pairs"] == sum);

    const std::vector<HostTensor> density = read_tensor_file(density_file).value();
    REQUIRE(density[0].shape == std::vector<std::int64_t>{6, 5}); // every pixel is 10 × 10 tokens
    CHECK(density[0].stored == Dtype::f64);
    CHECK(std::accumulate(density[0].values.begin(), density[0].values.end(), 0.0) * 100 == Approx(double(inside)));
}

TEST_CASE("pattern: mistakes are one sentence and exit code 2", "[app]") {
    const auto check = [](std::vector<std::string> arguments, const char* part) {
        const BinaryRun run = pattern(arguments);
        INFO(run.err);
        CHECK(run.exit_code == 2);
        CHECK_THAT(run.err, contains(part));
        CHECK(is_one_sentence(run.err));
    };
    check({"longnt", "--seq-len", "8"}, "did you mean \"longnet\"?");
    check({"dense"}, "--seq-len");
    check({"dense", "--seq-len", "0"}, "seq_len is 0");
    check({"dense", "--seq-len", "4294967296"}, "beyond exact counting");
    check({"longnet segments=4 rates=8", "--seq-len", "8"}, "larger than its segment length");
    check({"dense", "--seq-len", "8", "--head", "1"}, "--head is 1; expected 0");
    check({"dense", "--seq-len", "8", "--region", "0:9,0:8", "--density", "d.npy"}, "--region is \"0:9,0:8\"");
    check({"dense", "--seq-len", "8", "--region", "0:8,0:8"}, "--region needs --density");
    check({"dense", "--seq-len", "8", "--pixels", "0x4", "--density", "d.npy"}, "--pixels is \"0x4\"");
    check({"dense", "--seq-len", "100000", "--mask", "m.npy"}, "larger than 1 GiB");
    check({"dense", "--seq-len", "8", "--mask", "/nowhere/m.npy"}, "/nowhere");
}

TEST_CASE("doctor names the backends, CUDA's state and a kernel for each choice", "[app]") {
    const BinaryRun run = run_binary({"doctor", "--json"});
    REQUIRE(run.exit_code == 0);
    const Json json = Json::parse(run.out);
    CHECK(json["environment"]["threads"].get<int>() >= 1);
    REQUIRE(json["backends"].size() >= 2);
    for (const Json& choice : json["kernels"]) CHECK_FALSE(choice["reason"].get<std::string>().empty());
    CHECK((json["cuda"]["devices"].empty()) == !json["cuda"]["problem"].get<std::string>().empty());
}
