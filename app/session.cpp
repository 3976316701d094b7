#include "app/session.h"
#include "experiments/replacement_file.h"
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace dilascope {
namespace {

constexpr int session_schema = 1;
using json = nlohmann::json;

json case_to_json(const Case& config) {
    json object = json::object();
    Case::visit(config, [&](const Field& field, const auto& value) { object[field.name] = value; });
    return object;
}

// A value of the wrong type throws inside nlohmann; the caller turns that into an error.
Case case_from_json(const json& object) {
    Case config;
    Case::visit(config, [&](const Field& field, auto& value) {
        if (object.contains(field.name)) object.at(field.name).get_to(value);
    });
    return config;
}

Session session_from_json(const json& object) {
    Session session;
    if (object.contains("config")) session.config = case_from_json(object.at("config"));
    session.compare = object.value("compare", session.compare);
    session.input = object.value("input", std::string());
    session.layout = object.value("layout", session.layout);
    session.theme = object.value("theme", "dark") == std::string("light") ? ThemeMode::light : ThemeMode::dark;
    session.scale = object.value("scale", session.scale);
    if (!(session.scale == 0 || (session.scale >= 0.5f && session.scale <= 4))) session.scale = 0;
    session.live = object.value("live", session.live);
    session.window_width = std::clamp(object.value("window_width", session.window_width), 320, 20000);
    session.window_height = std::clamp(object.value("window_height", session.window_height), 240, 20000);
    if (object.contains("recent"))
        for (const json& path : object.at("recent")) session.recent.emplace_back(path.get<std::string>());
    if (object.contains("layouts")) {
        for (const auto& [name, tree] : object.at("layouts").items()) {
            // A layout of another version falls back to the preset; the rest of the session stays.
            if (Result<LayoutNode> node = layout_from_json(tree)) session.layouts[name] = std::move(*node);
        }
    }
    return session;
}

} // namespace

std::filesystem::path state_folder(const std::filesystem::path& profile) {
    if (!profile.empty()) return profile;
    if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state)
        return std::filesystem::path(state) / "dilascope";
    if (const char* home = std::getenv("HOME"); home && *home)
        return std::filesystem::path(home) / ".local" / "state" / "dilascope";
    return {};
}

std::string session_to_text(const Session& session) {
    json object = {{"schema", session_schema},
                   {"compare", session.compare},
                   {"input", session.input.string()},
                   {"layout", session.layout},
                   {"theme", session.theme == ThemeMode::light ? "light" : "dark"},
                   {"scale", session.scale},
                   {"live", session.live},
                   {"window_width", session.window_width},
                   {"window_height", session.window_height}};
    if (session.config) object["config"] = case_to_json(*session.config);
    object["recent"] = json::array();
    for (const std::filesystem::path& path : session.recent) object["recent"].push_back(path.string());
    object["layouts"] = json::object();
    for (const auto& [name, tree] : session.layouts) object["layouts"][name] = layout_to_json(tree);
    return object.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Session> session_from_text(const std::string& text) {
    try {
        const json object = json::parse(text);
        if (!object.is_object()) return fail("the session is not a JSON object");
        if (object.value("schema", 0) > session_schema)
            return fail("the session was written by a newer Dilascope (schema " +
                        std::to_string(object.value("schema", 0)) + ")");
        return session_from_json(object);
    } catch (const json::exception& error) {
        return fail(std::string("the session cannot be read (") + error.what() + ")");
    }
}

Result<std::optional<Session>> load_session(const std::filesystem::path& folder) {
    const std::filesystem::path path = folder / "session.json";
    std::error_code error;
    if (folder.empty() || !std::filesystem::exists(path, error)) return std::optional<Session>();
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return fail(path.string() + ": the session cannot be read; the defaults are used");
    Result<Session> session = session_from_text(text.str());
    if (session) return std::optional<Session>(std::move(*session));
    const std::filesystem::path kept = folder / "session.damaged.json";
    std::filesystem::copy_file(path, kept, std::filesystem::copy_options::overwrite_existing, error);
    return fail(session.error().what + "; the defaults are used and the old file is kept as " + kept.string());
}

Result<void> save_session(const std::filesystem::path& folder, const Session& session) {
    if (folder.empty()) return fail("the session is not saved: neither XDG_STATE_HOME nor HOME is set");
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string text = session_to_text(session);
    ReplacementFile file = TRY(ReplacementFile::open(folder / "session.json"));
    TRY(file.write(text.data(), text.size()));
    return file.commit();
}

} // namespace dilascope
