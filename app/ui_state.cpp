#include "app/ui_state.h"
#include <array>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace dilascope {
namespace {

std::string text_of(const std::string& value) { return value; }
std::string text_of(bool value) { return value ? "true" : "false"; }
std::string text_of(std::int64_t value) { return std::to_string(value); }

} // namespace

std::map<std::string, std::string> ui_values(const Workbench& bench) {
    const Workspace& workspace = bench.workspace;
    const Session& session = bench.session;
    std::map<std::string, std::string> values;
    Case::visit(workspace.config, [&](const Field& field, const auto& value) {
        values[std::string("config.") + field.name] = text_of(value);
    });
    values["compare.text"] = workspace.compare_text;
    values["compare.shown"] = std::array{"a", "b", "difference", "swipe"}[std::size_t(workspace.shown_compared())];
    values["config.error"] = workspace.config_error;
    values["selection.head"] = std::to_string(workspace.selection.head);
    values["selection.q"] = std::to_string(workspace.selection.q);
    values["selection.k"] = std::to_string(workspace.selection.k);
    values["tensors"] = workspace.tensors_label;
    values["theme"] = session.theme == ThemeMode::dark ? "dark" : "light";
    values["scale"] = fmt::format("{:g}", bench.scale);
    values["layout"] = session.layout;
    values["overlay"] = bench.overlay_name();
    values["focused_view"] = bench.focused_view().name();
    values["notice"] = bench.notices.newest();
    values["runs"] = workspace.runs ? std::to_string(workspace.runs->size()) : "0";
    values["live.enabled"] = text_of(workspace.live_enabled);
    values["live.generation"] = std::to_string(bench.live_generation());
    if (workspace.live) {
        const LiveResult& live = *workspace.live;
        values["live.error"] = live.error;
        values["live.backend"] = live.backend;
        values["live.verdict"] = live.verdict;
        values["live.pattern"] = live.config.pattern;
        values["live.answered"] = std::to_string(live.generation);
        values["live.time_ms_median"] = fmt::format("{:.6g}", live.time_ms_median);
        values["live.heatmap_pixels"] = std::to_string(live.heatmap ? live.heatmap->weights.size() : 0);
    }
    return values;
}

Result<void> write_ui_state(const Workbench& workbench, const std::filesystem::path& path) {
    nlohmann::ordered_json json;
    json["items"] = nlohmann::ordered_json::array();
    for (const MarkedItem& item : marked_items())
        json["items"].push_back({{"id", item.id},
                                 {"rect", {item.rect.x, item.rect.y, item.rect.width, item.rect.height}},
                                 {"enabled", item.enabled}});
    json["values"] = ui_values(workbench);
    std::ofstream file(path);
    file << json.dump(1) << "\n";
    file.flush();
    if (!file)
        return fail(path.string() + ": the list of items cannot be written; check the folder and the free space");
    return {};
}

} // namespace dilascope
