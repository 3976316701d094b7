#include "engine/benchmark/bench_call.h"
#include "engine/benchmark/serve.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <fstream>
#include <sstream>
#include <vector>

using namespace dilascope;

namespace {

std::vector<std::string> answers(const std::string& questions) {
    std::istringstream in(questions);
    std::ostringstream out;
    serve_bench(in, out);
    std::vector<std::string> lines;
    std::istringstream text(out.str());
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("bench server: one line a question, and tensors as files", "[engine]") {
    const ScratchFolder folder;
    const std::string path = (folder / "dk.f32").string();
    const std::vector<std::string> lines =
        answers("case seq_len=64 kv_len=96 heads=4 kv_heads=2 head_dim=8 causal=true direction=backward "
                "pattern=window left=16 right=0\nforward\nbackward\nwrite dk " +
                path + "\nquit\nforward\n");
    REQUIRE(lines.size() == 4);
    CHECK(lines[0] == "ready 139264"); // 4·8 · 4 heads · 64 rows · 17 keys
    CHECK(std::stod(lines[1]) > 0);
    CHECK(std::stod(lines[2]) > 0);
    CHECK(lines[3] == "written 1536");

    Problem problem = self_attention(64, 4, 8, true);
    problem.kv_len = 96, problem.kv_heads = 2;
    const BenchCall call = BenchCall::prepare("window left=16 right=0", problem, Direction::backward).value();
    REQUIRE(call.forward());
    REQUIRE(call.backward());
    std::vector<float> written(1536);
    std::ifstream(path, std::ios::binary)
        .read(reinterpret_cast<char*>(written.data()), std::streamsize(written.size() * sizeof(float)));
    for (std::size_t index = 0; index < written.size(); ++index)
        REQUIRE(written[index] == call.dk[std::int64_t(index)]);
}

TEST_CASE("bench server: what is wrong is said, and the next question answered", "[engine]") {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"forward", "no case yet"},
        {"case seq_len=8", "pattern="},
        {"case seqlen=8 pattern=dense", "unknown key \"seqlen\""},
        {"case seq_len pattern=dense", "not KEY=VALUE"},
        {"case dtype=f64 pattern=dense", "f64"},
        {"case pattern=longnt", "longnet"},
        {"backwards", "unknown question"},
    };
    for (const auto& [question, why] : wrong) {
        INFO(question);
        const std::vector<std::string> lines = answers(question + "\ncase seq_len=8 head_dim=8 pattern=dense\n");
        REQUIRE(lines.size() == 2);
        CHECK_THAT(lines[0], contains("error: "));
        CHECK_THAT(lines[0], contains(why));
        CHECK(lines[1] == "ready 2048");
    }
    const std::vector<std::string> lines =
        answers("case seq_len=8 head_dim=8 pattern=dense\nbackward\nwrite\nwrite out\n");
    CHECK_THAT(lines[1], contains("direction=backward"));
    CHECK_THAT(lines[2], contains("write takes"));
    CHECK_THAT(lines[3], contains("write takes"));
}
