// The session: everything comes back; a damaged one costs nothing but itself. And the configuration as a file.
#include "app/session.h"
#include "app/spec_file.h"
#include "app/tensor_fit.h"
#include "experiments/experiment.h"
#include "tests/catch.h"
#include "tests/scratch_folder.h"
#include <fstream>
#include <sstream>

using namespace dilascope;

namespace {

Session example_session() {
    Session session;
    session.config = Case{};
    session.config->pattern = "longnet segments=64,128 rates=1,2";
    session.config->seq_len = 384;
    session.config->causal = true;
    session.compare = "window left=4 right=0";
    session.input = "/data/ä \"quoted\".safetensors";
    session.layout = "compare";
    session.layouts["compare"] = columns(333, leaf({"runs"}), leaf({"timing", "pattern"}));
    session.theme = ThemeMode::light;
    session.scale = 1.25f;
    session.live = false;
    session.window_width = 1234;
    session.window_height = 777;
    session.recent = {"/a.toml", "/b.safetensors"};
    return session;
}

void write(const std::filesystem::path& path, const std::string& text) { std::ofstream(path) << text; }
std::string read(const std::filesystem::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("a session comes back as it was saved", "[app]") {
    const ScratchFolder folder;
    const Session saved = example_session();
    REQUIRE(save_session(folder / "deep" / "down", saved).has_value());
    const auto loaded = load_session(folder / "deep" / "down");
    REQUIRE(loaded.has_value());
    REQUIRE(loaded->has_value());
    CHECK(session_to_text(**loaded) == session_to_text(saved));
    CHECK((*loaded)->config == saved.config);
    CHECK((*loaded)->compare == saved.compare);
    CHECK((*loaded)->input == saved.input);
    CHECK((*loaded)->layouts.at("compare") == saved.layouts.at("compare"));
    CHECK((*loaded)->scale == saved.scale);
}

TEST_CASE("no session is no error", "[app]") {
    const ScratchFolder folder;
    const auto loaded = load_session(folder / "nowhere");
    REQUIRE(loaded.has_value());
    CHECK_FALSE(loaded->has_value());
}

TEST_CASE("a damaged session is reported and kept", "[app]") {
    const std::string whole = session_to_text(example_session());
    for (const std::string& text :
         {whole.substr(0, whole.size() / 2), std::string("[]"), std::string(""), std::string("\xff\xfe"),
          std::string(R"({"schema": 99})"), std::string(R"({"config": {"seq_len": "many"}})"),
          std::string(R"({"recent": [1]})"), std::string(R"({"scale": {}})")}) {
        const ScratchFolder folder;
        INFO(text);
        write(folder / "session.json", text);
        const auto loaded = load_session(folder / "");
        REQUIRE_FALSE(loaded.has_value());
        CHECK(loaded.error().what.find("session.damaged.json") != std::string::npos);
        CHECK(read(folder / "session.damaged.json") == text);
    }
}

TEST_CASE("a session of another version keeps what can be read", "[app]") {
    const auto session = session_from_text(R"({"schema": 1, "theme": "light", "scale": 900, "window_width": -5,
        "layouts": {"design": {"split": "spiral"}, "measure": {"views": ["timing"]}}, "future": [1, 2]})");
    REQUIRE(session.has_value());
    CHECK(session->theme == ThemeMode::light);
    CHECK(session->scale == 0);
    CHECK(session->window_width == 320);
    CHECK(session->layouts.count("design") == 0);
    CHECK(session->layouts.at("measure") == leaf({"timing"}));
}

TEST_CASE("a session that cannot be written says so", "[app]") {
    const ScratchFolder folder;
    write(folder / "file", "");
    const auto saved = save_session(folder / "file" / "below", Session{});
    REQUIRE_FALSE(saved.has_value());
    CHECK(saved.error().what.find("below") != std::string::npos);
}

TEST_CASE("a saved configuration is an experiment that asks the same", "[app]") {
    const ScratchFolder folder;
    Case config;
    config.pattern = "longnet segments=64,128,256 rates=1,2,4";
    config.seq_len = 300;
    config.kv_len = 400;
    config.heads = 8;
    config.kv_heads = 2;
    config.causal = true;
    config.seed = 99;
    REQUIRE(save_spec(folder / "mine.toml", config, {}).has_value());
    const auto experiment = load_experiment(folder / "mine.toml");
    INFO((experiment ? "" : experiment.error().what));
    REQUIRE(experiment.has_value());
    REQUIRE(experiment->cases.size() == 1);
    CHECK(experiment->name == "mine");
    CHECK(case_hash(experiment->cases[0]) == case_hash(config));
}

TEST_CASE("a saved configuration on tensors names them beside itself", "[app]") {
    Case config;
    config.input = "mine.npz";
    const std::string text = spec_text(config, "n", "mine.npz");
    CHECK(text.find("tensors = \"mine.npz\"") != std::string::npos);
    CHECK(text.find("generator") == std::string::npos);
    const ScratchFolder folder;
    std::filesystem::create_directories(folder / "data");
    REQUIRE(save_spec(folder / "spec.toml", config, folder / "data" / "mine.npz").has_value());
    CHECK(read(folder / "spec.toml").find("tensors = \"data/mine.npz\"") != std::string::npos);
}

TEST_CASE("a configuration takes on the shape of its tensors", "[app]") {
    Problem held;
    held.batch = 2;
    held.seq_len = 512;
    held.kv_len = 512;
    held.heads = 12;
    held.kv_heads = 4;
    held.head_dim = 32;
    Case config;
    config.seq_len = 4096;
    config.heads = 5;
    SECTION("all there is") {
        const Case fitted = fit_to_tensors(config, held, "f", {.whole_file = true});
        CHECK(fitted.seq_len == 512);
        CHECK(fitted.heads == 12);
        CHECK(fitted.kv_heads == 4);
        CHECK(fitted.kv_len == 0);
        CHECK(fitted.batch == 2);
        CHECK(fitted.head_dim == 32);
        CHECK(fitted.input == "f");
    }
    SECTION("what fits of the configuration") {
        const Case fitted = fit_to_tensors(config, held, "f", {});
        CHECK(fitted.seq_len == 512);
        CHECK(fitted.heads == 3); // whole groups of query heads
        CHECK(fitted.kv_heads == 1);
    }
    SECTION("what was asked for") {
        held.kv_len = 600;
        const Case fitted = fit_to_tensors(config, held, "f", {true, 100, 6});
        CHECK(fitted.seq_len == 100);
        CHECK(fitted.kv_len == 188);
        CHECK(fitted.heads == 6);
    }
}
