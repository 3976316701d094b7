#include "app/backend_menu.h"
#include "app/controls.h"
#include "app/workbench.h"
#include "engine/backends/backend.h"
#include "views/number_format.h"
#include <algorithm>
#include <fmt/format.h>

namespace dilascope {
namespace {

constexpr float status_width = 400; // of a status in the menu, logical pixels

std::vector<BackendFacts> ask_backends(const int&, const CancelFlag&) {
    std::vector<BackendFacts> facts;
    for (const Backend* backend : backends())
        facts.push_back({std::string(backend->name()), backend->status(), backend->available()});
    return facts;
}

// The backend that answers: of "auto" the one it chose last.
std::string backend_in_use(const Workspace& workspace) {
    const LiveResult* live = workspace.live.get();
    const bool is_answered = live && live->error.empty();
    return workspace.config.backend == "auto" && is_answered ? live->backend : workspace.config.backend;
}

} // namespace

BackendMenu::BackendMenu() : facts_(ask_backends, JobPace::later) {}

std::string BackendMenu::remember(const Workspace& workspace) {
    const LiveResult* live = workspace.live.get();
    if (!live || live->generation == remembered_ || !live->is_settled || !live->error.empty() ||
        !(live->time_ms_median > 0))
        return "";
    remembered_ = live->generation;
    Case config = live->config;
    config.backend.clear();
    if (!(config == timed_config_)) times_ms_.clear();
    timed_config_ = config;
    const bool is_first = times_ms_.insert_or_assign(live->backend, live->time_ms_median).second;
    if (!is_first || times_ms_.size() < 2) return "";
    const auto& [fastest, best_ms] =
        *std::ranges::min_element(times_ms_, {}, [](const auto& entry) { return entry.second; });
    std::string text;
    for (const auto& [name, time_ms] : times_ms_)
        text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", name, format_time_ms(time_ms).joined(),
                            name == fastest ? "" : fmt::format(" ({}×)", format_significant(time_ms / best_ms, 3)));
    return text;
}

std::string BackendMenu::told_reason(const Workspace& workspace) {
    const LiveResult* live = workspace.live.get();
    if (!live || !live->is_settled || !live->error.empty() || live->passed_over == told_reason_) return "";
    told_reason_ = live->passed_over;
    return told_reason_.empty() ? "" : fmt::format("auto runs this on {}. {}", live->backend, told_reason_);
}

std::string BackendMenu::next_backend(const Workspace& workspace) {
    if (const auto facts = facts_.ask(opening_, 0)) known_ = facts;
    if (!known_) return "";
    const std::string present = backend_in_use(workspace);
    std::vector<std::string> names;
    for (const BackendFacts& facts : *known_)
        if (facts.is_available) names.push_back(facts.name);
    if (names.size() < 2) return "";
    const auto at = std::ranges::find(names, present);
    return at == names.end() || at + 1 == names.end() ? names.front() : *(at + 1);
}

std::string BackendMenu::chip_text(const Workspace& workspace) const {
    return backend_in_use(workspace) + " · " + workspace.config.dtype;
}

BackendMenu::Chip BackendMenu::chip(const Workspace& workspace) const {
    Chip chip{theme().muted, "The engine's backend; click to choose"};
    const std::string name = backend_in_use(workspace);
    if (known_)
        for (const BackendFacts& facts : *known_)
            if (facts.name == name) chip.help = name + ": " + facts.status;
    if (!workspace.live_enabled) {
        chip.help += ". The live engine is off.";
    } else if (workspace.live && !workspace.live->error.empty()) {
        chip.dot = theme().bad;
        chip.help = workspace.live->error;
    } else if (workspace.live) {
        chip.dot = workspace.live_pending_s > 0 ? theme().accent : theme().good;
        chip.help += ". " + workspace.live->kernel;
        if (!workspace.live->passed_over.empty()) chip.help += ". Passed over: " + workspace.live->passed_over;
    }
    return chip;
}

std::string BackendMenu::time_text(const std::string& name) const {
    const auto time_ms = times_ms_.find(name);
    return time_ms == times_ms_.end() ? "" : format_time_ms(time_ms->second).joined();
}

void BackendMenu::draw_entry(Workspace& workspace, const std::string& name, const std::string& status,
                             bool is_enabled) {
    const std::string time = time_text(name);
    if (ImGui::MenuItem(name.c_str(), time.empty() ? nullptr : time.c_str(), workspace.config.backend == name,
                        is_enabled)) {
        Case next = workspace.config;
        next.backend = name;
        workspace.set_config(next);
    }
    mark_item(("backend/" + name).c_str());
    item_tooltip(status);
}

void BackendMenu::draw(Workbench& bench) {
    Workspace& workspace = bench.workspace;
    if (const auto facts = facts_.ask(opening_, 0)) known_ = facts;
    const Chip look = chip(workspace);
    if (quiet_button("backend", "    " + chip_text(workspace))) {
        ++opening_;
        ImGui::OpenPopup("backend_popup");
    }
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddCircleFilled({low.x + 12 * bench.scale, (low.y + high.y) / 2}, 4 * bench.scale,
                                                colour_u32(look.dot));
    item_tooltip(look.help);
    ImGui::SetNextWindowPos({high.x, high.y + space::grid * bench.scale}, ImGuiCond_Always, {1, 0});
    is_open_ = ImGui::BeginPopup("backend_popup");
    if (!is_open_) return;
    draw_entry(workspace, "auto", "The first that can run the pattern", true);
    if (!known_) text_line("asking the backends …", TextStyle::caption, theme().muted);
    if (known_)
        for (const BackendFacts& facts : *known_) {
            draw_entry(workspace, facts.name, facts.status, facts.is_available);
            ImGui::PushTextWrapPos(status_width * bench.scale);
            ImGui::Indent();
            text_line(facts.status, TextStyle::caption, theme().muted);
            ImGui::Unindent();
            ImGui::PopTextWrapPos();
        }
    ImGui::EndPopup();
}

} // namespace dilascope
