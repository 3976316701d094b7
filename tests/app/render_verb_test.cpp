// `dilascope render`, and the window without a display, as a user types them.
#include "tests/app/binary_run.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/scratch_folder.h"
#include <cstdlib>

using namespace dilascope;

namespace {

BinaryRun render(std::vector<std::string> arguments) {
    ::unsetenv("DISPLAY");
    ::unsetenv("WAYLAND_DISPLAY");
    arguments.insert(arguments.begin(), "render");
    return run_binary(arguments);
}

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

int big_endian(const std::string& bytes, std::size_t at) {
    int value = 0;
    for (std::size_t index = at; index < at + 4; ++index)
        value = value * 256 + static_cast<unsigned char>(bytes[index]);
    return value;
}

} // namespace

TEST_CASE("render draws the window and a view as PNG without a display", "[app][slow]") {
    const ScratchFolder folder;
    for (const std::string view : {"workbench", "pattern"}) {
        const BinaryRun run = render({"--view", view, "--size", "900x600", "--output", folder / (view + ".png")});
        INFO(run.err);
        REQUIRE(run.exit_code == 0);
        const std::string png = bytes_of(folder / (view + ".png"));
        CHECK(png.starts_with("\x89PNG"));
        CHECK(big_endian(png, 16) == 900);
        CHECK(big_endian(png, 20) == 600);
        CHECK_THAT(png, contains("Configuration"));
        CHECK(png.size() > 8000); // a blank one has 3 kB
    }
}

TEST_CASE("render writes figures as SVG, PDF and PNG", "[app][slow]") {
    const ScratchFolder folder;
    for (const auto& [ending, begin] : {std::pair{".svg", "<?xml"}, {".pdf", "%PDF"}, {".png", "\x89PNG"}}) {
        const auto path = folder / (std::string("figure") + ending);
        const BinaryRun run = render({"--view", "heatmap", "--figure", "--size", "800x500", "--pattern",
                                      "longnet segments=16,32 rates=1,2", "--seq-len", "64", "--heads", "2", "--causal",
                                      "--region", "0:32,0:32", "--head", "1", "--output", path});
        INFO(run.err);
        REQUIRE(run.exit_code == 0);
        CHECK(bytes_of(path).starts_with(begin));
    }
}

TEST_CASE("render lists its views", "[app]") {
    const BinaryRun run = render({"--view", "list"});
    CHECK(run.exit_code == 0);
    for (const char* name : {"workbench", "config", "pattern", "heatmap", "timing", "runs"})
        CHECK_THAT(run.out, contains(name));
}

TEST_CASE("render refuses in one sentence what it cannot draw", "[app][slow]") {
    const ScratchFolder folder;
    const std::string png = folder / "x.png";
    struct Refusal {
        std::vector<std::string> arguments;
        std::string part;
    };
    const Refusal refusals[] = {
        {{"--view", "patern", "--output", png}, "did you mean \"pattern\""},
        {{"--view", "pattern"}, "--output"},
        {{"--view", "pattern", "--output", folder / "x.bmp"}, ".png, .svg or .pdf"},
        {{"--view", "pattern", "--size", "0x0", "--output", png}, "--size"},
        {{"--view", "pattern", "--size", "12", "--output", png}, "--size"},
        {{"--view", "workbench", "--output", folder / "x.svg"}, "pixels only"},
        {{"--view", "config", "--output", folder / "x.svg"}, "no figure"},
        {{"--view", "pattern", "--pattern", "longnt", "--output", png}, "longnet"},
        {{"--view", "pattern", "--head", "99", "--output", png}, "--head"},
        {{"--view", "pattern", "--region", "9:2,0:1", "--output", png}, "--region"},
        {{"--view", "pattern", "--input", folder / "gone.safetensors", "--output", png}, "gone.safetensors"},
        {{"--view", "pattern", "--output", folder / "no" / "x.png"}, "x.png"},
        {{"--view", "pattern", "--theme", "pink", "--output", png}, "pink"},
    };
    for (const Refusal& refusal : refusals) {
        const BinaryRun run = render(refusal.arguments);
        INFO(refusal.part << "\n" << run.err);
        CHECK(run.exit_code == 2);
        CHECK_THAT(run.err, contains(refusal.part));
        CHECK(is_one_sentence(run.err));
        CHECK_FALSE(std::filesystem::exists(png));
    }
}

TEST_CASE("the window without a display names the verbs that need none", "[app]") {
    ::unsetenv("DISPLAY");
    ::unsetenv("WAYLAND_DISPLAY");
    const ScratchFolder folder;
    const BinaryRun run = run_binary({"--profile", folder.path});
    CHECK(run.exit_code == 2);
    CHECK_THAT(run.err, contains("dilascope batch"));
    CHECK_THAT(run.err, contains("dilascope render"));
    CHECK(is_one_sentence(run.err));
}
