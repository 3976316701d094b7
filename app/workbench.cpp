#include "app/workbench.h"
#include "app/assets.h"
#include "app/controls.h"
#include "app/solid_fill.h"
#include "app/status_bar.h"
#include "app/tensor_fit.h"
#include "app/top_bar.h"
#include "engine/nearest.h"
#include "engine/pattern/pattern_text.h"
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>
#include <imgui_internal.h>

namespace dilascope {
namespace {

constexpr std::size_t recent_max = 8;

// $XDG_DATA_HOME/dilascope/runs.sqlite, or the profile's.
std::filesystem::path default_db(const std::filesystem::path& profile) {
    if (!profile.empty()) return profile / "runs.sqlite";
    if (const char* data = std::getenv("XDG_DATA_HOME"); data && *data)
        return std::filesystem::path(data) / "dilascope" / "runs.sqlite";
    if (const char* home = std::getenv("HOME"); home && *home)
        return std::filesystem::path(home) / ".local" / "share" / "dilascope" / "runs.sqlite";
    return "runs.sqlite";
}

// What a first start shows: the paper's pattern, at the size of the shipped tensors.
Case first_case() {
    Case config;
    config.pattern = "longnet segments=64,128,256,512 rates=1,2,4,8";
    config.seq_len = 512;
    config.heads = 12;
    config.head_dim = 32;
    return config;
}

} // namespace

Workbench::Workbench(const WorkbenchOptions& options)
    : views(make_views()), commands(make_commands(views)), state_folder_(dilascope::state_folder(options.profile)),
      is_persistent_(options.is_persistent) {
    restore(options);
    if (is_persistent_ || !options.profile.empty()) set_rates_folder(state_folder_);
    start_config(options);
    if (options.theme) session.theme = *options.theme;
    if (options.scale > 0) session.scale = options.scale;
    db = options.db;
    if (db.empty() && (is_persistent_ || !options.profile.empty())) db = default_db(options.profile);
    feed.watch(db);
}

Workbench::~Workbench() {
    if (!is_persistent_) return;
    session.config = workspace.config;
    session.compare = workspace.compare_text;
    session.live = workspace.live_enabled;
    if (const Result<void> saved = save_session(state_folder_, session); !saved)
        std::fprintf(stderr, "dilascope: %s\n", saved.error().what.c_str());
}

void Workbench::restore(const WorkbenchOptions&) {
    if (is_persistent_) {
        Result<std::optional<Session>> saved = load_session(state_folder_);
        if (!saved) {
            notices.warn(saved.error().what);
        } else if (*saved) {
            session = std::move(**saved);
        }
    }
    std::vector<std::string> names;
    for (const std::unique_ptr<View>& view : views) names.push_back(view->name());
    for (const LayoutPreset& preset : layout_presets()) {
        LayoutNode& node = session.layouts.try_emplace(preset.name, preset.root).first->second;
        if (!check_layout(node, names)) node = leaf(names);
    }
    if (!session.layouts.count(session.layout)) session.layout = layout_presets().front().name;
    workspace.live_enabled = session.live;
    if (session.compare.empty()) return;
    if (const Result<void> kept = workspace.keep_as_a(session.compare); !kept)
        notices.warn("A of the last session is left out: " + kept.error().what);
}

void Workbench::start_config(const WorkbenchOptions& options) {
    const bool is_restored = session.config.has_value();
    Case config = is_restored ? *session.config : first_case();
    std::filesystem::path input = options.input.empty() ? session.input : options.input;
    const bool asks_for_shape = options.seq_len > 0 || options.heads > 0;
    if (input.empty() && !is_restored && !asks_for_shape) input = example_tensors();
    // Without its tensors a configuration runs on generated ones.
    config.input = input.empty() ? "gaussian" : input.filename().string();
    wish_ = {!options.input.empty() || !is_restored, options.seq_len, options.heads};
    if (!options.pattern.empty()) config.pattern = options.pattern;
    if (options.seq_len > 0) config.seq_len = options.seq_len;
    if (options.heads > 0) config.heads = options.heads;
    if (options.causal) config.causal = *options.causal;
    workspace.start(config);
    if (input.empty()) {
        workspace.tensors_label = fmt::format("gaussian, seed {}", config.seed);
    } else {
        workspace.tensors_label = "reading " + input.filename().string() + "…";
        session.input = input;
        loading_.start(input);
    }
}

void Workbench::open(const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error).lexically_normal();
    const std::string ending = whole.extension().string();
    if (ending == ".sqlite" || ending == ".db" || ending == ".sqlite3") {
        db = whole;
        feed.watch(db);
        show("runs");
        notices.tell("Runs are read from and saved to " + whole.string());
    } else if (ending == ".safetensors" || ending == ".npz" || ending == ".toml") {
        wish_ = {.whole_file = true};
        loading_.start(whole);
    } else {
        notices.warn(
            whole.string() + ": files ending in \"" + ending +
            "\" cannot be opened; expected .safetensors or .npz (tensors), .toml (an experiment) or .sqlite (runs)");
        return;
    }
    std::erase(session.recent, whole);
    session.recent.insert(session.recent.begin(), whole);
    if (session.recent.size() > recent_max) session.recent.resize(recent_max);
}

void Workbench::take_loaded(const LoadedFile& loaded) {
    if (!loaded.error.empty()) {
        notices.warn(loaded.error);
        if (waits_for_tensors()) {
            Case next = workspace.config;
            next.input = "gaussian";
            workspace.tensors_label = fmt::format("gaussian, seed {}", next.seed);
            session.input.clear();
            workspace.set_config(next);
        }
    } else if (loaded.experiment) {
        experiment = loaded.experiment;
        if (experiment->inputs) use_tensors(experiment->tensors, experiment->inputs);
        if (!experiment->cases.empty()) workspace.set_config(experiment->cases.front());
        notices.tell(fmt::format("{}: {} cases, the first is shown. Ctrl+Shift+R runs them all.", experiment->name,
                                 experiment->cases.size()));
    } else if (loaded.tensors) {
        use_tensors(loaded.path, loaded.tensors);
    }
}

void Workbench::use_tensors(const std::filesystem::path& path, std::shared_ptr<const Qkv> tensors) {
    const Problem& held = tensors->problem;
    const Case next = fit_to_tensors(workspace.config, held, path.filename().string(), std::exchange(wish_, {}));
    workspace.tensors_label =
        fmt::format("{} · {} × {} × {}", path.stem().string(), held.heads, held.seq_len, held.head_dim);
    tensors_ = std::move(tensors);
    workspace.tensors = tensors_;
    session.input = path;
    if (has_started_) {
        workspace.set_config(next);
    } else {
        workspace.start(next); // the first tensors are no change that could be undone
    }
    has_started_ = true;
}

bool Workbench::waits_for_tensors() const {
    return workspace.config.input != "gaussian" &&
           (!tensors_ || workspace.config.input != session.input.filename().string());
}

std::shared_ptr<const Qkv> Workbench::tensors_in_use() const {
    return workspace.config.input == "gaussian" ? nullptr : tensors_;
}

void Workbench::run_and_save() {
    if (!workspace.config_error.empty()) {
        notices.warn("Nothing to run: " + workspace.config_error);
        return;
    }
    if (waits_for_tensors()) {
        notices.warn("Nothing to run yet: " + workspace.config.input + " is still being read");
        return;
    }
    Experiment single;
    single.name = "workbench";
    single.tensors = workspace.config.input == "gaussian" ? std::filesystem::path() : session.input;
    single.inputs = tensors_in_use();
    single.cases = {workspace.config};
    if (db.empty()) db = "runs.sqlite";
    std::error_code error; // the store says what is wrong with its place
    if (db.has_parent_path()) std::filesystem::create_directories(db.parent_path(), error);
    queue.enqueue(std::move(single), db);
}

void Workbench::run_experiment() {
    if (!experiment) return;
    const std::filesystem::path target = experiment->db.empty() ? db : experiment->db;
    if (target != db) {
        db = target;
        feed.watch(db);
    }
    queue.enqueue(*experiment, target);
    show("runs");
}

void Workbench::cancel() {
    if (ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup)) {
        ImGui::ClosePopupToLevel(0, true);
        overlay_.reset();
    } else if (queue.state().busy) {
        queue.cancel_current();
    }
}

void Workbench::show(const std::string& view) {
    show_view(layout(), view);
    panels_.focus(view);
}

void Workbench::use_layout(const std::string& name) {
    if (session.layouts.count(name)) session.layout = name;
}

void Workbench::reset_layout() {
    for (const LayoutPreset& preset : layout_presets())
        if (session.layout == preset.name) layout() = preset.root;
}

View* Workbench::find_view(std::string_view name) const {
    for (const std::unique_ptr<View>& view : views)
        if (view->name() == name) return view.get();
    return nullptr;
}

View& Workbench::focused_view() const {
    View* view = find_view(panels_.focused());
    return view ? *view : *views.front();
}

void Workbench::execute(const Command& command) {
    if (!command.is_enabled || command.is_enabled(*this)) command.action(*this);
}

// A chord with Ctrl or Alt works while a text field has the keyboard, except those that edit text; a plain one does
// not.
void Workbench::dispatch(const Chord& chord) {
    const bool is_typing = ImGui::GetIO().WantTextInput;
    const bool edits_text = chord.ctrl && (chord.key == 'Z' || chord.key == 'Y');
    if (is_typing && (edits_text || (!chord.has_modifier() && chord.key < key_f1 && chord.key != key_escape))) return;
    if (const Command* command = find_command(commands, chord)) execute(*command);
}

void Workbench::take_background() {
    if (const std::optional<LoadedFile> loaded = loading_.take()) take_loaded(*loaded);
    live_.report(workspace);
    if (const std::string compared = backend_menu.remember(workspace); !compared.empty()) notices.tell(compared);
    if (const std::string reason = backend_menu.told_reason(workspace); !reason.empty()) notices.warn(reason);
    const RunSnapshot snapshot = feed.latest();
    feed_generation_ = snapshot.generation;
    workspace.runs = snapshot.runs;
    workspace.store_status = snapshot.status;
    const QueueState state = queue.state();
    if (state.completed != queue_completed_) {
        queue_completed_ = state.completed;
        if (state.failed) notices.warn(state.message);
    }
}

bool Workbench::has_news() {
    return loading_.ready() || live_.has_news(workspace) || feed.latest().generation != feed_generation_ ||
           queue.state().completed != queue_completed_;
}

bool Workbench::is_idle() const {
    if (loading_.busy() || waits_for_tensors() || queue.state().busy || backend_menu.is_pending()) return false;
    if (workspace.live_enabled && workspace.config_error.empty() && !live_.is_idle()) return false;
    for (const std::string& name : shown_views(session.layouts.at(session.layout)))
        if (const View* view = find_view(name); view && !view->is_complete()) return false;
    return true;
}

bool Workbench::is_animating() const { return !is_idle() || notices.animating(); }

void Workbench::carry_out_requests() {
    if (std::exchange(workspace.run_requested, false)) run_and_save();
    for (const std::string& id : std::exchange(workspace.commands, {})) {
        if (const Command* command = find_command(commands, id)) {
            execute(*command);
        } else {
            notices.warn("There is no command \"" + id + "\"");
        }
    }
    if (!waits_for_tensors()) live_.follow(workspace, tensors_in_use());
}

// A popup, so that nothing beneath it reacts to the mouse and a click beside it closes it.
void Workbench::draw_overlay() {
    const bool is_new = next_overlay_ != nullptr;
    if (is_new) overlay_ = std::move(next_overlay_);
    if (!overlay_) return;
    if (is_new) ImGui::OpenPopup("overlay");
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    const float width = std::min(overlay_->width() * scale, screen.x - 2 * space::padding * scale);
    ImGui::SetNextWindowPos({std::round((screen.x - width) / 2), std::round(screen.y * 0.12f)});
    ImGui::SetNextWindowSizeConstraints({width, 0}, {width, screen.y * 0.8f});
    if (!ImGui::BeginPopup("overlay", ImGuiWindowFlags_NoMove)) {
        overlay_.reset();
        return;
    }
    const bool stays = overlay_->draw(*this);
    if (!stays) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
    if (!stays) overlay_.reset();
}

void Workbench::draw_bars() {
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    ImGui::BeginChild("top_bar", {screen.x, top_bar_height * scale}, false, ImGuiWindowFlags_NoScrollbar);
    draw_top_bar(*this);
    ImGui::EndChild();
    ImDrawList* list = ImGui::GetWindowDrawList();
    const float top = std::round(top_bar_height * scale), bottom = std::round(screen.y - status_bar_height * scale);
    list->AddRectFilled({0, top}, {screen.x, top + 1}, colour_u32(theme().line));
    list->AddRectFilled({0, bottom}, {screen.x, bottom + 1}, colour_u32(theme().line));
    ImGui::SetCursorScreenPos({0, bottom + 1});
    ImGui::BeginChild("status_bar", {screen.x, screen.y - bottom - 1}, false, ImGuiWindowFlags_NoScrollbar);
    draw_status_bar(*this);
    ImGui::EndChild();
}

void Workbench::draw_root() {
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(screen);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
    ImGui::Begin("workbench", nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus |
                     ImGuiWindowFlags_NoScrollWithMouse);
    ImGui::PopStyleVar(3);
    clear_solid_fills();
    solid_fill(ImGui::GetWindowDrawList(), {0, 0, screen.x, screen.y}, theme().window);
    const Rect whole = {0, 0, screen.x / scale, screen.y / scale};
    if (shows_bars) {
        draw_bars();
        panels_.draw(
            *this,
            Rect{0, top_bar_height, whole.width, whole.height - top_bar_height - status_bar_height}.inset(space::gap),
            scale);
    } else {
        panels_.draw(*this, whole, scale);
    }
    draw_overlay();
    ImGui::End();
}

void Workbench::frame(const SurfaceEvents& events, const Surface& surface, float frame_scale) {
    scale = frame_scale;
    use_theme(session.theme);
    session.window_width = int(float(surface.width()) / surface.content_scale());
    session.window_height = int(float(surface.height()) / surface.content_scale());
    if (events.close) wants_quit = true;
    for (const std::filesystem::path& path : events.dropped) open(path);
    take_background();
    for (const Chord& chord : events.chords) dispatch(chord);
    workspace.heatmap = {}; // asked for anew by the view, while it is shown
    draw_root();
    notices.draw(ImGui::GetIO().DisplaySize.x, ImGui::GetIO().DisplaySize.y - status_bar_height * scale, scale);
    carry_out_requests();
}

} // namespace dilascope
