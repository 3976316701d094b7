// Rules of the source tree itself: layers, file sizes, formatting, no traces of one machine.
#include "tests/catch.h"
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

namespace fs = std::filesystem;

namespace {

const fs::path root = DILASCOPE_SOURCE_DIR;

std::vector<fs::path> sources(const std::string& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
        const std::string extension = entry.path().extension().string();
        if (extension == ".h" || extension == ".cpp" || extension == ".cu" || extension == ".cuh")
            files.push_back(entry.path());
    }
    return files;
}

std::string text_of(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::vector<std::string> includes_of(const std::string& text) {
    static const std::regex include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])", std::regex::multiline);
    std::vector<std::string> names;
    for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at) names.push_back((*at)[1]);
    return names;
}

// What a folder may not include, as a pattern over include paths.
struct Layer {
    const char* folder;
    const char* forbidden;
};
const char* gui = R"(^(imgui|backends/imgui|GLFW/|epoxy/|GL/|EGL/|cairo|png\.h|ft2build))";
const Layer layers[] = {
    {"engine", R"(^(experiments|views|app)/|^(sqlite3|nlohmann/|toml|zip\.h|CLI/))"},
    {"engine", gui},
    {"experiments", R"(^(views|app)/|^CLI/)"},
    {"experiments", gui},
    {"views", R"(^app/|^(sqlite3|toml|zip\.h|CLI/|GLFW/|epoxy/|GL/|EGL/|backends/imgui_impl))"},
    {"app", R"(^(sqlite3|toml|zip\.h|cairo|png\.h))"},
};

bool may_use_cuda(const fs::path& file) {
    const std::string path = fs::relative(file, root).generic_string();
    return file.extension() == ".cu" || file.extension() == ".cuh" || path.starts_with("engine/backends/cuda/") ||
           path.starts_with("engine/memory/");
}

} // namespace

TEST_CASE("layers point one way: app, views, experiments, engine", "[rules]") {
    for (const Layer& layer : layers) {
        const std::regex forbidden(layer.forbidden);
        for (const fs::path& file : sources(layer.folder))
            for (const std::string& include : includes_of(text_of(file))) {
                INFO(file.string() << " includes " << include);
                CHECK_FALSE(std::regex_search(include, forbidden));
            }
    }
    const std::regex of_cuda("^(cuda|cublas|nccl|nvml)");
    for (const char* folder : {"engine", "experiments", "views", "app"})
        for (const fs::path& file : sources(folder))
            for (const std::string& include : includes_of(text_of(file))) {
                INFO(file.string() << " includes " << include);
                CHECK((may_use_cuda(file) || !std::regex_search(include, of_cuda)));
            }
}

TEST_CASE("no two headers define a type of the same name", "[rules]") {
    // All of ours live in one namespace; two of a name in different headers link, and then destroy each other's
    // objects.
    static const std::regex definition(R"(^(?:struct|class|enum class) (\w+)(?: final)?(?: :[^;{]*)?\s*\{)",
                                       std::regex::multiline);
    std::map<std::string, std::string> found; // name → file
    for (const char* folder : {"engine", "experiments", "views", "app"})
        for (const fs::path& file : sources(folder)) {
            if (file.extension() != ".h") continue;
            const std::string text = text_of(file);
            for (std::sregex_iterator at(text.begin(), text.end(), definition), end; at != end; ++at) {
                const auto [first, is_new] = found.try_emplace((*at)[1], file.string());
                INFO((*at)[1] << " stands in " << first->second << " and " << file.string());
                CHECK(is_new);
            }
        }
    CHECK(found.size() > 100);
}

TEST_CASE("no file is longer than 400 lines", "[rules]") {
    for (const char* folder : {"engine", "experiments", "views", "app", "tests"})
        for (const fs::path& file : sources(folder)) {
            const std::string text = text_of(file);
            INFO(file.string());
            CHECK(std::count(text.begin(), text.end(), '\n') <= 400);
        }
}

TEST_CASE("headers start with #pragma once and a sentence of purpose", "[rules]") {
    for (const char* folder : {"engine", "experiments", "views", "app"})
        for (const fs::path& file : sources(folder)) {
            if (file.extension() != ".h" || file.stem().string().ends_with("-inl")) continue;
            INFO(file.string());
            CHECK(text_of(file).starts_with("#pragma once\n//"));
        }
}

TEST_CASE("fast tests bound no time", "[rules]") {
    // They run side by side, under sanitizers too: there a clock tells of the machine.
    static const std::regex bound(
        R"((CHECK|REQUIRE)\([^;]*\b(?!\w*_per_s\b)\w*(now|since|_s|_ms|seconds)\b[^;]* <\s+(\d|std::chrono))");
    int timed = 0;
    for (const fs::path& file : sources("tests")) {
        const std::string text = text_of(file);
        for (std::size_t begin = text.find("\nTEST_CASE("), end; begin != std::string::npos; begin = end) {
            end = text.find("\nTEST_CASE(", begin + 1);
            const std::string test = text.substr(begin, end - begin);
            if (!std::regex_search(test, bound)) continue;
            ++timed;
            INFO(file.string() << test.substr(0, test.find('{')));
            CHECK(test.substr(0, test.find('{')).find("[slow]") != std::string::npos);
        }
    }
    CHECK(timed > 10);
}

TEST_CASE("the sources are formatted", "[rules][slow]") {
    // Versions differ in details; Debian 12's decides.
    if (std::system("clang-format --version 2> /dev/null | grep -q 'version 14'") != 0) {
        WARN("skipped: clang-format 14 is not installed");
        return;
    }
    const std::string command = "cd '" + root.string() +
                                "' && find engine experiments views app tests \\( -name '*.h' -o -name '*.cpp' -o "
                                "-name '*.cu' -o -name '*.cuh' \\) "
                                "-exec clang-format --dry-run --Werror {} +";
    CHECK(std::system(command.c_str()) == 0);
}
