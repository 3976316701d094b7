// A pattern read from a .npy, through the real binary.
#include "experiments/tensor_file.h"
#include "tests/app/binary_run.h"
#include "tests/contains.h"
#include <nlohmann/json.hpp>

using namespace dilascope;
using Json = nlohmann::json;

TEST_CASE("pattern: a mask file is counted, one that is missing is one sentence", "[app]") {
    const ScratchFolder folder;
    const std::uint8_t mask[] = {1, 0, 0, 1};
    REQUIRE(write_npy(folder / "m.npy", {2, 2}, mask));
    const std::string file = folder / "m.npy";
    const BinaryRun run = run_binary({"pattern", "mask file=" + file + " block=16", "--seq-len", "32", "--json"});
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    CHECK(Json::parse(run.out)["active_pairs"] == 2 * 16 * 16);
    const BinaryRun none = run_binary({"pattern", "mask file=/nowhere/m.npy block=16", "--seq-len", "32"});
    CHECK(none.exit_code == 2);
    CHECK_THAT(none.err, contains("/nowhere/m.npy"));
    CHECK(is_one_sentence(none.err));
}
